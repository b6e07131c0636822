"""Drafts on their way to the service: in bodies of NDJSON, one after another, each answered before the next begins."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

import httpx
import orjson

from ingest_service.cli.inputs import gathered
from ingest_service.cli.posting import refusal_text
from ingest_service.importing.drafts import Complain, Draft
from ingest_service.importing.files import FileError
from ingest_service.importing.tally import Tally
from service_edge.terminal import ExitStatus, problem_text

#: What is told as unknown when a body is not answered, and how much is in memory at once.
BODY_EVENTS: Final = 5_000
_TIMEOUT: Final = httpx.Timeout(10, read=120, write=120)
_AGAIN: Final = "import the same again, nothing is recorded twice"
_NDJSON: Final = {"content-type": "application/x-ndjson"}


class SendingError(Exception):
    """The service takes no more, with the status to end with."""

    def __init__(self, status: ExitStatus, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Sender:
    """Posts drafts, and counts what becomes of them and their rows."""

    client: httpx.Client
    url: str
    parameters: Mapping[str, str | None]
    tally: Tally
    complain: Complain

    def send(self, drafts: Iterator[Draft]) -> None:
        """Post all; raises SendingError, and FileError where the drafts end with one."""
        for first in drafts:
            body = _Body(first, drafts)
            try:
                trouble = self._post(body)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise SendingError(ExitStatus.USAGE, f"{self.url} is not an address: {error}") from error
            except httpx.HTTPError as error:
                self._count_unknown(body.sent)
                words = f"{self.url} is out of reach ({error or type(error).__name__}): {_AGAIN}"
                raise SendingError(ExitStatus.OUT_OF_REACH, words) from error
            if trouble:
                raise SendingError(ExitStatus.OUT_OF_REACH, f"{trouble}: {_AGAIN}")
            if body.error is not None:
                raise body.error

    def _post(self, body: "_Body") -> str:
        """Post one body and count it; returns why it was not all taken, if so."""
        address = f"{self.url.rstrip('/')}/v1/events"
        given = {name: value for name, value in self.parameters.items() if value is not None}
        content = gathered(body.lines())
        with self.client.stream(
            "POST", address, params=given or None, content=content, headers=_NDJSON, timeout=_TIMEOUT
        ) as answer:
            if answer.status_code != 200:
                answer.read()
                self._count_unknown(body.sent)
                status = ExitStatus.OUT_OF_REACH if answer.status_code >= 500 else ExitStatus.REFUSED
                raise SendingError(status, refusal_text(answer))
            refused, summary = _read(answer)
        for line, problem in refused.items():
            self.complain(body.sent[line - 1].place, problem, body.sent[line - 1].event)
        self.tally.refused += len(refused)
        self.tally.refused_rows += sum(body.sent[line - 1].rows for line in refused)
        others = [draft for line, draft in enumerate(body.sent, start=1) if line not in refused]
        if summary is None or "problem" in summary:  # which of the others were recorded, nobody says
            self._count_unknown(others)
            return "the answer broke off" if summary is None else problem_text(summary["problem"])
        self.tally.recorded += len(others)
        self.tally.recorded_rows += sum(draft.rows for draft in others)
        return ""

    def _count_unknown(self, drafts: list[Draft]) -> None:
        self.tally.unknown += len(drafts)
        self.tally.unknown_rows += sum(draft.rows for draft in drafts)


class _Body:
    """Some drafts, which are made while they are sent; `error` ended them early."""

    def __init__(self, first: Draft, rest: Iterator[Draft]) -> None:
        self.sent: list[Draft] = []
        self.error: FileError | None = None
        self._drafts = chain([first], islice(rest, BODY_EVENTS - 1))

    def lines(self) -> Iterator[bytes]:
        """Their events as NDJSON."""
        try:
            for draft in self._drafts:
                self.sent.append(draft)
                yield orjson.dumps(draft.event, option=orjson.OPT_APPEND_NEWLINE)
        except FileError as error:  # what comes before is posted and answered first
            self.error = error


def _read(answer: httpx.Response) -> tuple[dict[int, str], dict[str, Any] | None]:
    """The refused lines with their problems, and the last line, which a cut answer has not."""
    refused: dict[int, str] = {}
    for text in answer.iter_lines():
        try:
            line = orjson.loads(text)
        except ValueError:
            break
        if "recorded" in line:
            return refused, line
        if "problem" in line:
            refused[line["line"]] = problem_text(line["problem"])
    return refused, None
