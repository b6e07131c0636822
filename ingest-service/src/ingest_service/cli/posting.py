"""Lines on their way up as a stream: what was refused is listed as it is answered, and how the command then ends."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from stat import S_ISREG
from typing import Any, Final

import httpx
import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from service_edge.terminal import ExitStatus, leave, leave_out_of_reach, problem_text
from service_edge.tls import trust_of

_MAX_LISTED: Final = 50
_TIMEOUT: Final = httpx.Timeout(10, read=120, write=120)
_AGAIN: Final = "post the same again, nothing is recorded twice"


@dataclass(frozen=True, slots=True)
class Way:
    """Where lines go, and how what becomes of them is told: `part` is what a line is called."""

    url: str
    path: str
    parameters: Mapping[str, str | None]
    part: str = "line"
    as_json: bool = False
    again: str = _AGAIN

    def send(self, lines: Iterator[bytes]) -> dict[str, Any]:
        """Post, print the answer's lines as they come, and return its last one; where it says none, end the command."""
        given = {name: value for name, value in self.parameters.items() if value is not None}
        headers = {"content-type": "application/x-ndjson"}
        address = f"{self.url.rstrip('/')}{self.path}"
        try:
            with (
                httpx.Client(timeout=_TIMEOUT, trust_env=False, verify=trust_of(self.url)) as client,
                client.stream("POST", address, params=given or None, content=lines, headers=headers) as answer,
            ):
                if answer.status_code != 200:
                    _leave_refused(answer)
                summary = self._listed(answer)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            leave(ExitStatus.USAGE, f"{self.url} is not an address: {error}")
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            leave_out_of_reach(self.url, error)
        except httpx.HTTPError as error:
            leave(ExitStatus.OUT_OF_REACH, f"the connection broke off ({error or type(error).__name__}): {self.again}")
        if summary is None:
            leave(ExitStatus.OUT_OF_REACH, f"the answer broke off: {self.again}")
        if (problem := summary.get("problem")) is not None:
            counts = f"{counted(summary)}, unknown {summary['unknown']}"
            leave(ExitStatus.OUT_OF_REACH, f"{counts}. {problem_text(problem)}")
        return summary

    def conclude(self, summary: Mapping[str, Any]) -> None:
        """Say how many there were, and end the command."""
        if not self.as_json:
            print(counted(summary))
        raise typer.Exit(ExitStatus.REFUSED if summary["refused"] else ExitStatus.DONE)

    def _listed(self, answer: httpx.Response) -> dict[str, Any] | None:
        listed = 0
        for line in answer.iter_lines():
            try:
                result: dict[str, Any] = orjson.loads(line)
            except ValueError:  # cut off within a line
                return None
            if self.as_json:
                print(line)
            if "recorded" in result:
                return result
            if not self.as_json and "problem" in result:
                listed += 1
                if listed <= _MAX_LISTED:
                    print(f"{self.part} {result['line']}: {problem_text(result['problem'])}", file=sys.stderr)
                elif listed == _MAX_LISTED + 1:
                    print("… more were refused: --json lists all of them", file=sys.stderr)
        return None


def counted(summary: Mapping[str, Any]) -> str:
    """How many were recorded, and how many refused."""
    return f"recorded {summary['recorded']}, refused {summary['refused']}"


@contextmanager
def opened(file: str) -> Iterator[BufferedIOBase]:
    """A file, or standard input for -; ends the command where it cannot be read."""
    try:
        stream = open(sys.stdin.fileno() if file == "-" else file, "rb", closefd=file != "-")  # noqa: SIM115
    except OSError as error:
        leave(ExitStatus.USAGE, f"{file} cannot be read: {error.strerror}")
    with stream:
        yield stream


def shown(chunks: Iterator[bytes], stream: BufferedIOBase) -> Iterator[bytes]:
    """The same chunks, with a progress bar while they are sent, if somebody looks at a terminal."""
    columns = (TextColumn("posting"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("posting", total=_size(stream))
        for chunk in chunks:
            yield chunk
            bar.advance(task, len(chunk))


def _leave_refused(answer: httpx.Response) -> None:
    answer.read()
    status = ExitStatus.OUT_OF_REACH if answer.status_code >= 500 else ExitStatus.REFUSED
    leave(status, refusal_text(answer))


def refusal_text(answer: httpx.Response) -> str:
    """What an answer that is none says, if it is our service's."""
    try:
        return problem_text(orjson.loads(answer.content))
    except (ValueError, AttributeError):
        return f"{answer.url} answers {answer.status_code} {answer.reason_phrase}"


def _size(stream: BufferedIOBase) -> int | None:
    found = os.fstat(stream.fileno())
    return found.st_size if S_ISREG(found.st_mode) else None
