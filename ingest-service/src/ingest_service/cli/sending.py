"""Lines on their way to the service: in bodies of NDJSON, one after another, each answered before the next begins."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

import httpx
import orjson

from ingest_service.cli.inputs import gathered, lines_of
from ingest_service.cli.parts import Part, Receipt, Teller
from ingest_service.cli.refusals import SendingError, refusal_text
from ingest_service.cli.settling import Settlement
from ingest_service.importing.files import FileError
from ingest_service.importing.tally import Tally
from service_edge.terminal import ExitStatus, problem_text

#: What is told as unknown when a body is not answered, and how much is in memory at once.
BODY_LINES: Final = 5_000
_BODY_BYTES: Final = 4 * 1024 * 1024
#: How the service puts it; whoever is before a terminal has no body, but a file.
_THE_SAME_BODY: Final = "post the same body again"
_TIMEOUT: Final = httpx.Timeout(10, read=120, write=120)
_NDJSON: Final = {"content-type": "application/x-ndjson"}


@dataclass(slots=True)
class Sender:
    """Posts parts to an address, counts what becomes of them and their rows, and has the recorded ones settled."""

    client: httpx.Client
    address: str
    parameters: dict[str, str]
    tally: Tally
    teller: Teller
    settlement: Settlement | None
    again: str
    _lines: int = 0

    def send(self, parts: Iterator[Part]) -> None:
        """Post all; raises SendingError, and FileError where the parts end with one."""
        for number, first in enumerate(parts):
            if number and self.settlement is not None:  # what the last body brought is waited for
                self.settlement.look()
            body = _Body(first, parts)
            try:
                self._post(body)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise SendingError(ExitStatus.USAGE, f"{self.address} is not an address: {error}") from error
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                words = f"{self.address} is out of reach ({error or type(error).__name__}): {self.again}"
                raise SendingError(ExitStatus.OUT_OF_REACH, words) from error
            except httpx.HTTPError as error:
                words = f"the connection broke off ({error or type(error).__name__}): {self.again}"
                raise SendingError(ExitStatus.OUT_OF_REACH, words) from error
            finally:
                self._count(body)
            if body.error is not None:
                raise body.error

    def _post(self, body: "_Body") -> None:
        """Post one body and read its answer; raises SendingError where not all of it was taken."""
        with self.client.stream(
            "POST",
            self.address,
            params={**self.parameters, "results": "all"},
            content=gathered(body.lines()),
            headers=_NDJSON,
            timeout=_TIMEOUT,
        ) as answer:
            if answer.status_code != 200:
                answer.read()
                status = ExitStatus.OUT_OF_REACH if answer.status_code >= 500 else ExitStatus.REFUSED
                raise SendingError(status, refusal_text(answer))
            for line in lines_of(answer.iter_bytes()):
                try:
                    said = orjson.loads(line)
                except ValueError:  # cut off within a line
                    break
                if "recorded" in said:
                    if "problem" in said:
                        words = problem_text(said["problem"]).replace(_THE_SAME_BODY, self.again)
                        raise SendingError(ExitStatus.OUT_OF_REACH, words)
                    return
                self._take(body, said)
        raise SendingError(ExitStatus.OUT_OF_REACH, f"the answer broke off: {self.again}")

    def _take(self, body: "_Body", said: dict[str, Any]) -> None:
        """Note what is said of one line. One that nobody knows about has a status of 5xx."""
        line = said["line"]
        part = body.sent[line - 1]
        if "problem" not in said:
            body.recorded.append(Receipt.of(said["position"], said["id"], self._lines + line, part))
        elif said["status"] < 500:
            body.refused += 1
            body.refused_rows += part.rows
            self.tally.refused += 1
            self.tally.refused_rows += part.rows
            self.teller.refused({**said, "line": self._lines + line}, part)

    def _count(self, body: "_Body") -> None:
        """Count a body as it was answered, and what was not answered as unknown."""
        self._lines += len(body.sent)
        rows = sum(receipt.rows for receipt in body.recorded)
        self.tally.recorded += len(body.recorded)
        self.tally.recorded_rows += rows
        for receipt in body.recorded:
            reached = self.tally.reached
            reached[receipt.partition] = max(receipt.offset, reached.get(receipt.partition, 0))
        if self.settlement is not None and body.recorded:
            self.settlement.add(body.recorded)
        filled = [part for part in body.sent if part.line.strip()]
        ended = len(body.recorded) + body.refused
        if ended < len(filled):
            self.tally.unknown += len(filled) - ended
            self.tally.unknown_rows += sum(part.rows for part in filled) - rows - body.refused_rows


class _Body:
    """Some parts, which are made while they are sent; `error` ended them early."""

    def __init__(self, first: Part, rest: Iterator[Part]) -> None:
        self.sent: list[Part] = []
        self.recorded: list[Receipt] = []
        self.refused = self.refused_rows = 0
        self.error: FileError | None = None
        self._parts = chain([first], islice(rest, BODY_LINES - 1))

    def lines(self) -> Iterator[bytes]:
        """Them as NDJSON, as many as a body holds."""
        size = 0
        try:
            for part in self._parts:
                self.sent.append(part)
                yield part.line + b"\n"
                size += len(part.line)
                if size >= _BODY_BYTES:
                    return
        except FileError as error:  # what comes before is posted and answered first
            self.error = error
