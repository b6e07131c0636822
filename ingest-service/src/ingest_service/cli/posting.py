"""From a command's lines to its exit status: where they go, what became of them, and how that is told."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from stat import S_ISREG
from typing import Final, NoReturn

import httpx
import orjson
import typer

from event_schemas.positions import format_positions
from ingest_service.cli.complaints import Complaints
from ingest_service.cli.inputs import lines_of, read_input, watched
from ingest_service.cli.looking import Looking
from ingest_service.cli.parts import Part, Teller, numbered
from ingest_service.cli.refusals import SendingError
from ingest_service.cli.sending import Sender
from ingest_service.cli.services import Service
from ingest_service.cli.settling import Settlement
from ingest_service.importing.drafts import Watch
from ingest_service.importing.files import FileError
from ingest_service.importing.tally import Tally
from service_edge.terminal import ExitStatus, leave

POST_AGAIN: Final = "post the same again, nothing is recorded twice"
#: Makes another line of a line.
Change = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Way:
    """Where lines go, and where it is asked what became of them: nowhere without a `timeline`."""

    ingest: Service
    path: str
    parameters: Mapping[str, str | None]
    timeline: Service | None
    again: str = POST_AGAIN

    def send(self, parts: Iterator[Part], tally: Tally, teller: Teller, watch: Watch) -> None:
        """Post all, and wait for their outcomes; raises SendingError and FileError."""
        given = {name: value for name, value in self.parameters.items() if value is not None}
        address = self.ingest.address(self.path)
        with httpx.Client(headers=self.ingest.headers, trust_env=False, verify=self.ingest.trust) as client:
            if self.timeline is None:
                Sender(client, address, given, tally, teller, None, self.again).send(parts)
                return
            with Settlement(self.timeline, tally, teller) as settlement:
                Sender(client, address, given, tally, teller, settlement, self.again).send(parts)
                settlement.finish(watch)


def carry_out(way: Way, parts: Iterator[Part], complaints: Complaints, watch: Watch, *, as_json: bool) -> Tally:
    """Post lines, and for programs say what became of them; where something comes between, end the command."""
    tally, trouble = Tally(), None
    try:
        way.send(parts, tally, complaints, watch)
    except FileError as error:
        trouble = (ExitStatus.REFUSED, f"{_in_short(tally)}. {error}")
    except SendingError as error:
        begun = tally.recorded or tally.refused
        trouble = (error.status, f"{_in_short(tally)}. {error}" if begun else str(error))
    if as_json and (trouble is None or tally.recorded or tally.refused or tally.unknown):
        counts = {"recorded": tally.recorded, "refused": tally.refused, "unknown": tally.unknown}
        told = {"outcomes": tally.outcomes()} if way.timeline is not None and trouble is None else {}
        print(orjson.dumps({**counts, "timeline_position": format_positions(tally.reached), **told}).decode())
    if trouble is not None:
        leave(*trouble)
    return tally


def post_file(file: str, way: Way, refused: Path | None, changed: Change | None = None, *, as_json: bool) -> NoReturn:
    """Post the lines of a file, or of standard input for -, say what became of them, and end the command."""
    with _opened(file) as stream, Complaints(refused, as_lines=as_json) as complaints, Looking() as looking:
        part, chunks = read_input(stream)
        looking.begin("posting", _size(stream), "bytes")
        lines = lines_of(watched(chunks, looking))
        parts = numbered(part, lines if changed is None else map(changed, lines))
        tally = carry_out(way, parts, complaints, looking, as_json=as_json)
    if not as_json:
        print(_in_short(tally))
        if way.timeline is not None and tally.recorded:
            print(tally.in_short())
    raise typer.Exit(ExitStatus.REFUSED if tally.refused or tally.rejected else ExitStatus.DONE)


def _in_short(tally: Tally) -> str:
    unknown = f", unknown {tally.unknown}" if tally.unknown else ""
    return f"recorded {tally.recorded}, refused {tally.refused}{unknown}"


@contextmanager
def _opened(file: str) -> Iterator[BufferedIOBase]:
    """A file, or standard input for -; ends the command where it cannot be read."""
    try:
        stream = open(sys.stdin.fileno() if file == "-" else file, "rb", closefd=file != "-")  # noqa: SIM115
    except OSError as error:
        leave(ExitStatus.USAGE, f"{file} cannot be read: {error.strerror}")
    with stream:
        yield stream


def _size(stream: BufferedIOBase) -> int:
    found = os.fstat(stream.fileno())
    return found.st_size if S_ISREG(found.st_mode) else 0
