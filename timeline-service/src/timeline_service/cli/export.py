"""`timeline export`: the log's own records, to a pipe or to a file."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from service_edge.terminal import ExitStatus, leave
from timeline_service.cli.client import DEFAULT_URL, TimelineClient, reason_of
from timeline_service.cli.export_file import Kept, open_export
from timeline_service.cli.options import Token, Url
from timeline_service.domain.export_ranges import ExportRange
from timeline_service.domain.exports import (
    END_START,
    GAP_START,
    End,
    ExportHeader,
    read_end,
    read_gap,
    read_header,
    read_record,
    write_end,
)
from timeline_service.errors import ArchiveError, ExportError

_MAX_TRIES: Final = 6
_MAX_PAUSE_SECONDS: Final = 8.0
_SHOWN_BYTES: Final = 256 * 1024
Told = Callable[[ExportHeader, int, int], None]


def export(
    partition: Annotated[
        list[int] | None, typer.Option(min=0, metavar="N", help="A partition; by default all of them.")
    ] = None,
    from_: Annotated[
        int | None, typer.Option("--from", min=0, metavar="N", help="The first offset, of one partition.")
    ] = None,
    to: Annotated[int | None, typer.Option("--to", min=0, metavar="N", help="The offset before which it ends.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Write to a file, or go on with it where it was cut off."),
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """The log's own records with their hashes, as NDJSON: partition by partition, each behind a line that says which.

    Where offsets hold no record a line says so, and the last line of each part how many records it has.

    With --output the same command goes on after a cut, and leaves a whole file
    as it is. `timeline replay --from FILE` takes one with all partitions.
    """
    wanted = Wanted(tuple(sorted({*(partition or ())})), from_, to)
    if len(wanted.partitions) != 1 and (from_, to) != (None, None):
        leave(ExitStatus.USAGE, "--from and --to are offsets of one partition: name it with --partition")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with TimelineClient(url, token) as client:
        if output is None:
            exporter = Exporter(client, wanted, console)
            exporter.run(sys.stdout.buffer.write, [])
            sys.stdout.flush()
        else:
            exporter = _write_file(output, client, wanted, console)
    if output is not None and not exporter.bytes:
        return console.print(f"{output} was whole already: name another file for what has come since")
    console.print(f"exported {exporter.records} records, {exporter.bytes} bytes")


def _write_file(output: Path, client: TimelineClient, wanted: "Wanted", console: Console) -> "Exporter":
    exporter = Exporter(client, wanted, console)
    try:
        with open_export(output) as (file, kept), _progress(console) as exporter.told:
            exporter.run(file.write, kept)
    except ArchiveError as error:
        leave(ExitStatus.REFUSED, f"{output} cannot be gone on with: {error}. Name another file")
    except OSError as error:
        leave(ExitStatus.REFUSED, f"{output} cannot be written: {error.strerror}")
    return exporter


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported: partitions in their order, none for all, and of a single one perhaps a range."""

    partitions: Sequence[int]
    start: int | None
    end: int | None


class Exporter:
    """An export under way, and how much it has written. Whoever is `told` hears how far it is."""

    def __init__(self, client: TimelineClient, wanted: Wanted, console: Console) -> None:
        self.records = self.bytes = self._shown = 0
        self.told: Told = lambda *_: None
        self._client = client
        self._wanted = wanted
        self._console = console
        self._connected = False
        self._first: ExportHeader | None = None

    def run(self, write: Callable[[bytes], object], kept: Sequence[Kept]) -> None:
        """Write what is wanted and not kept yet; raises ArchiveError where what is kept is something else."""
        parts = 0
        for parts, number in enumerate(self._partitions(), 1):
            part = kept[parts - 1] if parts <= len(kept) else None
            if part is not None:
                self._require_part(part.range.header, number, part.line)
                if part.range.ended:
                    continue
            for line in self._lines(number, part.range if part is not None else None):
                if parts < len(kept):
                    raise ExportError(kept[parts].line, f"records of partition {number} are missing before it")
                write(line)
                self.bytes += len(line)
        if parts < len(kept):
            raise ExportError(kept[parts].line, "is more than is to be exported")

    def _partitions(self) -> Iterator[int]:
        yield from self._wanted.partitions or (0,)
        if not self._wanted.partitions and self._first is not None:  # whose header says how many there are
            yield from range(1, self._first.partitions)

    def _lines(self, number: int, whole: ExportRange | None) -> Iterator[bytes]:
        """The lines of a part, or those of it that are not kept, also when the service breaks off meanwhile."""
        tries = 0
        while True:
            at, end = (whole.at, whole.header.end) if whole is not None else (self._wanted.start, self._wanted.end)
            query = {"partition": number, "from": at, "to": end}
            try:
                with self._client.lines("/v1/log/export", query, retrying=self._connected) as lines:
                    self._connected = True
                    first = next(lines, b"")
                    answered = ExportRange(read_header(first, 1))
                    if whole is None:
                        self._require_part(answered.header, number, 1)
                        whole = ExportRange(answered.header)
                        yield first
                    elif answered.header != replace(whole.header, start=whole.at):
                        raise ExportError(1, "it is another log than before")
                    for place, line in enumerate(lines, 2):
                        tries = 0
                        yield self._read(line, place, answered, whole)
                        self._tell(whole)
                if answered.ended:
                    return
                reason = "without a last line"
            except httpx.HTTPError as error:
                reason = reason_of(error)
            except ExportError as error:
                leave(ExitStatus.REFUSED, f"what the service answers does not fit: {error}")
            tries += 1
            if tries == _MAX_TRIES:
                leave(ExitStatus.OUT_OF_REACH, f"cut off for good ({reason}): what is written is incomplete")
            self._console.print(f"cut off ({reason}): trying again", style="yellow")
            time.sleep(min(2 ** (tries - 1), _MAX_PAUSE_SECONDS))

    def _read(self, line: bytes, place: int, answered: ExportRange, whole: ExportRange) -> bytes:
        """The line as it is to be written: an end counts what is kept, too."""
        if line.startswith(END_START):
            answered.take_end(place, read_end(line, place))
            end = End(whole.header.partition, whole.records, whole.at)
            whole.take_end(place, end)
            return write_end(end)
        if line.startswith(GAP_START):
            gap = read_gap(line, place)
            for part in (answered, whole):
                part.take_gap(place, gap)
        else:
            raw = read_record(line, place)
            for part in (answered, whole):
                part.take_record(place, raw.partition, raw.offset)
            self.records += 1
        return line

    def _require_part(self, header: ExportHeader, number: int, line: int) -> None:
        first = self._first = self._first or header
        if (header.topic, header.partitions) != (first.topic, first.partitions):
            raise ExportError(line, f"expected {first.topic} with {first.partitions} partitions, as before")
        wanted = ((number, header.partition), (self._wanted.start, header.start), (self._wanted.end, header.end))
        for name, (expected, found) in zip(("partition", "from", "to"), wanted, strict=True):
            if expected not in {None, found}:
                raise ExportError(line, f"{name} is {found}: expected {expected}")

    def _tell(self, whole: ExportRange) -> None:
        if self.bytes - self._shown >= _SHOWN_BYTES:
            self._shown = self.bytes
            self.told(whole.header, whole.at, self.bytes)


@contextmanager
def _progress(console: Console) -> Iterator[Told]:
    """A bar for each partition in its turn, if somebody looks at a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[size]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("exporting", total=None, size="")

        def tell(header: ExportHeader, at: int, size: int) -> None:
            bar.update(
                task,
                description=f"partition {header.partition} of {header.partitions}",
                total=header.end - header.start,
                completed=at - header.start,
                size=decimal(size),
            )

        yield tell
