"""`ingest post`: events from a file or standard input, sent up as a stream."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from stat import S_ISREG
from typing import Annotated, Any, Final

import httpx
import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from ingest_service.cli.inputs import read_input
from service_edge.terminal import ExitStatus, leave, leave_out_of_reach, problem_text

_MAX_LISTED: Final = 50
_TIMEOUT: Final = httpx.Timeout(10, read=120, write=120)
_AGAIN: Final = "post the same again, nothing is recorded twice"


def post(
    file: Annotated[str, typer.Argument(help="A file of events: NDJSON, one JSON event, a JSON array; - for stdin.")],
    url: Annotated[
        str, typer.Option(envvar="INGEST_URL", help="Where the ingest service is.")
    ] = "http://127.0.0.1:8001",
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's own lines.")] = False,
) -> None:
    """Post events, and list what was refused and why.

    Exit status: 0 all recorded, 1 some refused, 2 wrong usage, 3 the service or its log is out of reach.
    """
    with _opened(file) as stream:
        part, lines = read_input(stream)
        summary = _send(url, _shown(lines, stream), part, as_json)
    if summary is None:
        leave(ExitStatus.OUT_OF_REACH, f"the answer broke off: {_AGAIN}")
    counts = f"recorded {summary['recorded']}, refused {summary['refused']}"
    if (problem := summary.get("problem")) is not None:
        leave(ExitStatus.OUT_OF_REACH, f"{counts}, unknown {summary['unknown']}. {problem_text(problem)}")
    if not as_json:
        print(counts)
    raise typer.Exit(ExitStatus.REFUSED if summary["refused"] else ExitStatus.DONE)


def _send(url: str, lines: Iterator[bytes], part: str, as_json: bool) -> dict[str, Any] | None:
    """Post, print the answer's lines as they come, and return its last one, or None if it has none."""
    address = f"{url.rstrip('/')}/v1/events"
    headers = {"content-type": "application/x-ndjson"}
    try:
        with (
            httpx.Client(timeout=_TIMEOUT, trust_env=False) as client,
            client.stream("POST", address, content=lines, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                _leave_refused(answer)
            return _listed(answer, part, as_json)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        leave(ExitStatus.USAGE, f"{url} is not an address: {error}")
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        leave_out_of_reach(url, error)
    except httpx.HTTPError as error:
        leave(ExitStatus.OUT_OF_REACH, f"the connection broke off ({error or type(error).__name__}): {_AGAIN}")


def _leave_refused(answer: httpx.Response) -> None:
    answer.read()
    try:
        words = problem_text(orjson.loads(answer.content))
    except (ValueError, AttributeError):  # not our service
        words = f"{answer.url} answers {answer.status_code} {answer.reason_phrase}"
    leave(ExitStatus.OUT_OF_REACH if answer.status_code >= 500 else ExitStatus.REFUSED, words)


def _listed(answer: httpx.Response, part: str, as_json: bool) -> dict[str, Any] | None:
    listed = 0
    for line in answer.iter_lines():
        try:
            result: dict[str, Any] = orjson.loads(line)
        except ValueError:  # cut off within a line
            return None
        if as_json:
            print(line)
        if "recorded" in result:
            return result
        if not as_json and "problem" in result:
            listed += 1
            if listed <= _MAX_LISTED:
                print(f"{part} {result['line']}: {problem_text(result['problem'])}", file=sys.stderr)
            elif listed == _MAX_LISTED + 1:
                print("… more were refused: --json lists all of them", file=sys.stderr)
    return None


@contextmanager
def _opened(file: str) -> Iterator[BufferedIOBase]:
    try:
        stream = open(sys.stdin.fileno() if file == "-" else file, "rb", closefd=file != "-")  # noqa: SIM115
    except OSError as error:
        leave(ExitStatus.USAGE, f"{file} cannot be read: {error.strerror}")
    with stream:
        yield stream


def _shown(chunks: Iterator[bytes], stream: BufferedIOBase) -> Iterator[bytes]:
    """The same chunks, with a progress bar while they are sent, if somebody looks at a terminal."""
    columns = (TextColumn("posting"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("posting", total=_size(stream))
        for chunk in chunks:
            yield chunk
            bar.advance(task, len(chunk))


def _size(stream: BufferedIOBase) -> int | None:
    found = os.fstat(stream.fileno())
    return found.st_size if S_ISREG(found.st_mode) else None
