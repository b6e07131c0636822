"""`ingest post`: events from a file or standard input, sent up as a stream."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from event_schemas.errors import UnreadableError
from event_schemas.json_text import read_json, write_json
from service_edge.terminal import ExitStatus, leave, leave_out_of_reach, problem_text

_CHUNK_BYTES: Final = 256 * 1024
_MOST_LISTED: Final = 50


def post(
    file: Annotated[str, typer.Argument(help="A file of events as NDJSON or JSON (one or an array); - for stdin.")],
    url: Annotated[
        str, typer.Option(envvar="INGEST_URL", help="Where the ingest service is.")
    ] = "http://127.0.0.1:8001",
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's own lines.")] = False,
) -> None:
    """Post events. Lists what was refused and why; exit status 1 if anything was, 3 if the service is out of reach."""
    with _opened(file) as stream, _progress(stream) as bar:
        try:
            with (
                httpx.Client(timeout=httpx.Timeout(30, read=None), trust_env=False) as client,
                client.stream(
                    "POST",
                    f"{url.rstrip('/')}/v1/events",
                    content=_counted(_ndjson(stream), bar),
                    headers={"content-type": "application/x-ndjson"},
                ) as answer,
            ):
                summary = _listed(answer, as_json) if answer.status_code == 200 else _refused(answer)
        except httpx.HTTPError as error:
            leave_out_of_reach(url, error)
    if summary is None:
        leave(ExitStatus.OUT_OF_REACH, "the answer broke off: post the same again, nothing is recorded twice")
    if (problem := summary.get("problem")) is not None:
        leave(ExitStatus.OUT_OF_REACH, problem_text(problem))
    if not as_json:
        print(f"recorded {summary['recorded']}, refused {summary['refused']}")
    raise typer.Exit(ExitStatus.REFUSED if summary["refused"] else ExitStatus.DONE)


def _refused(answer: httpx.Response) -> dict[str, Any]:
    answer.read()
    leave(ExitStatus.REFUSED, problem_text(answer.json()))


def _listed(answer: httpx.Response, as_json: bool) -> dict[str, Any] | None:
    """Print the answer's lines as they come; the last one, or None if it is missing."""
    summary = None
    listed = 0
    for line in answer.iter_lines():
        result = json.loads(line)
        if as_json:
            print(line)
        if "recorded" in result:
            summary = result
        elif not as_json and "problem" in result:
            listed += 1
            if listed <= _MOST_LISTED:
                print(f"line {result['line']}: {problem_text(result['problem'])}", file=sys.stderr)
            elif listed == _MOST_LISTED + 1:
                print("… more were refused: --json lists all of them", file=sys.stderr)
    return summary


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        leave(ExitStatus.USAGE, f"{file} cannot be read: {error.strerror}")
    with stream:
        yield stream


def _ndjson(stream: BinaryIO) -> Iterator[bytes]:
    """The input as NDJSON: as it is, unless it is one JSON value over several lines, an object or an array."""
    first = stream.readline()
    while first and not first.strip():
        first = stream.readline()
    if _is_whole(first):
        yield first
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk
        return
    try:
        value = read_json(first + stream.read())
    except UnreadableError as error:
        leave(ExitStatus.REFUSED, f"neither JSON nor NDJSON: {error}")
    for item in value if isinstance(value, list) else [value]:
        yield write_json(item) + b"\n"


def _is_whole(line: bytes) -> bool:
    """Whether a first line is one of NDJSON: an object that ends there, or nothing that JSON could go on from."""
    text = line.strip()
    if text.startswith(b"["):
        return False
    return not text.startswith(b"{") or text.endswith(b"}")


@contextmanager
def _progress(stream: BinaryIO) -> Iterator[Progress | None]:
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("posting"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task("posting", total=_size(stream))
        yield bar


def _counted(chunks: Iterator[bytes], bar: Progress | None) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        if bar is not None:
            bar.advance(bar.task_ids[0], len(chunk))


def _size(stream: BinaryIO) -> int | None:
    path = Path(str(stream.name))
    return path.stat().st_size if path.is_file() else None
