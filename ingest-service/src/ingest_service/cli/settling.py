"""What became of a command's own records: asked of the timeline service by their positions, whatever else was posted.

A body's records lie between two positions of each partition, so one request tells all of them that were not applied.
What lies between them and is somebody else's is left aside.
"""

import time
from types import TracebackType
from typing import Any, Final, Self

import httpx

from event_schemas.positions import parse_positions
from ingest_service.cli.parts import Receipt, Teller
from ingest_service.cli.receipts import Receipts, Span
from ingest_service.cli.refusals import SendingError, refusal_text
from ingest_service.cli.services import Service
from ingest_service.importing.drafts import Watch
from ingest_service.importing.tally import Tally
from service_edge.terminal import ExitStatus

_PAGE: Final = 1_000
#: How long an answer is waited for: the timeline service itself waits a few seconds for a position at most.
_ANSWER_SECONDS: Final = 20.0
_AGAIN_SECONDS: Final = 0.2
#: How long a projection may stand still before nobody waits for it any longer.
_PATIENCE_SECONDS: Final = 60.0


class Settlement:
    """Counts outcomes, and tells what was rejected, record by record."""

    def __init__(
        self,
        service: Service,
        tally: Tally,
        teller: Teller,
        patience: float = _PATIENCE_SECONDS,
        answer_in: float = _ANSWER_SECONDS,
    ) -> None:
        """Raises SendingError for what is no address."""
        self._url = service.address("")
        self._tally = tally
        self._teller = teller
        self._patience = patience
        self._answer_in = answer_in
        self._receipts = Receipts()
        self._same_log = self._away = False
        try:
            self._client = httpx.Client(
                base_url=self._url, headers=service.headers, timeout=answer_in, trust_env=False, verify=service.trust
            )
        except httpx.InvalidURL as error:
            raise SendingError(ExitStatus.USAGE, f"{service.url} is not an address: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._receipts.close()
        self._client.close()

    def add(self, receipts: list[Receipt]) -> None:
        """Take the records of a body in; raises FileError where the disk has no room for them."""
        self._receipts.add(receipts)

    def look(self) -> None:
        """Settle what is projected by now, and wait for nothing. What goes wrong is told when it is waited for."""
        try:
            while len(self._receipts) and not self._away and self._settle(wait=False):
                pass
        except SendingError:
            self._away = True

    def finish(self, watch: Watch) -> None:
        """Settle all, once it is projected; raises SendingError where nobody says what became of the rest."""
        watch.begin("waiting for the projection", self._tally.recorded - self._tally.judged, "records")
        try:
            while len(self._receipts):
                span = self._receipts.first
                if not self._settle(wait=True):
                    raise self._trouble(f"{self._url} does not answer as the timeline service does")
                watch.advance(span.records)
        except KeyboardInterrupt as error:
            words = "interrupted before it was known what became of the records"
            raise self._trouble(words, ExitStatus.INTERRUPTED) from error

    def _settle(self, *, wait: bool) -> bool:
        """Settle the body that has waited longest; returns whether it is projected."""
        span = self._receipts.first
        found = self._outcomes(span, wait=wait)
        if found is None:
            return False
        receipts = self._receipts.read(span)
        self._expect_the_same_log(receipts[-1])
        for receipt in receipts:
            outcome = found.get(receipt.position, {"outcome": "applied"})
            self._tally.judge(outcome["outcome"], outcome.get("problem", ""), receipt.rows)
            if outcome["outcome"] == "rejected":
                self._teller.rejected(outcome, receipt)
        self._receipts.drop_first()
        return True

    def _outcomes(self, span: Span, *, wait: bool) -> dict[str, dict[str, Any]] | None:
        """Those of a span that were not applied, by position; None where the projection has not got there."""
        found: dict[str, dict[str, Any]] = {}
        cursor: str | None = ""
        while cursor is not None:
            more = {"cursor": cursor} if cursor else {}
            asked = {"since": span.since, "until": span.until, "limit": _PAGE, **more}
            answer = self._ask(asked, span.until if wait else None)
            if not _reaches(answer, span.until):
                return None
            body = answer.json()
            found |= {item["position"]: item for item in body["items"]}
            cursor = body["next"]
        return found

    def _ask(self, asked: dict[str, Any], position: str | None) -> httpx.Response:
        """A page of records, as soon as the projection has got to a position."""
        headers = {"timeline-position": position} if position else {}
        reached, since = "", time.monotonic()
        while (answer := self._get("/v1/records", asked, headers)).status_code == 503 and position:
            if (got := self._projected()) != reached:
                reached, since = got, time.monotonic()
            elif time.monotonic() - since > self._patience:
                raise self._trouble(f"the projection stands still ({refusal_text(answer)})")
            time.sleep(_AGAIN_SECONDS)
        if answer.status_code >= 400:
            raise self._trouble(refusal_text(answer))
        return answer

    def _projected(self) -> str:
        """How far the projection is, or nothing where that cannot be said."""
        return str(self._get("/v1/records", {"limit": 1}, {}).headers.get("timeline-position", ""))

    def _expect_the_same_log(self, receipt: Receipt) -> None:
        """Raises SendingError where the timeline service shows another log than the ingest service writes."""
        if self._same_log:
            return
        answer = self._get(f"/v1/records/{receipt.position}", {}, {})
        if answer.status_code != 200 or answer.json()["event_id"] != receipt.event_id:
            raise self._trouble(f"{self._url} shows another log: name the right service with --timeline-url")
        self._same_log = True

    def _get(self, path: str, parameters: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
        try:
            return self._client.get(path, params=parameters, headers=headers)
        except httpx.UnsupportedProtocol as error:
            raise SendingError(ExitStatus.USAGE, f"{self._url} is not an address: {error}") from error
        except httpx.ReadTimeout as error:
            raise self._trouble(
                f"{self._url} is out of reach (no answer within {self._answer_in:g} seconds)"
            ) from error
        except httpx.HTTPError as error:
            raise self._trouble(f"{self._url} is out of reach ({error or type(error).__name__})") from error

    def _trouble(self, words: str, status: ExitStatus = ExitStatus.OUT_OF_REACH) -> SendingError:
        """What went wrong, with where the answer is: all of it is recorded, and nothing has to be posted again."""
        waiting = self._receipts.all()
        asked = httpx.QueryParams(since=waiting.since, until=waiting.until)
        there = f"they are at {waiting.until}, and {self._url}/v1/records?{asked} tells which were not applied"
        return SendingError(status, f"{words}. All is recorded, nothing has to be posted again; {there}")


def _reaches(answer: httpx.Response, until: str) -> bool:
    """Whether an answer was given at a position or behind it."""
    reached = parse_positions(answer.headers.get("timeline-position", ""))
    return all(reached.get(partition, -1) >= offset for partition, offset in parse_positions(until).items())
