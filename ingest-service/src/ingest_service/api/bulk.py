"""NDJSON of any length: taken in as a stream, slice by slice, in constant memory, with back-pressure to the sender."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from event_schemas.errors import LanguageError
from event_schemas.events import MAX_EVENT_BYTES
from event_schemas.positions import format_positions
from ingest_service.adapters.kafka_log import KafkaLog
from ingest_service.adapters.kafka_session import Appended
from ingest_service.api.admission import Admission
from ingest_service.api.allowance import Allowance, allowance_of
from ingest_service.api.bodies import no_table, read_lines, read_without_bom, require_identity
from ingest_service.api.problems import INCOMPLETE, RESULTS_CUT, problem_of
from ingest_service.api.results import Results
from ingest_service.domain.accept import Accepted, Clock
from ingest_service.errors import StalledError, TooLargeError, UnavailableError, UnknownOutcomeError
from service_edge.problems import ProblemError

_SLICE_LINES: Final = 1_000
_SLICE_BYTES: Final = 1024 * 1024
_SLICES_UNDER_WAY: Final = 2
#: How long events are taken in before others get a turn. A post is answered in some seven turns, so its wait is theirs.
TURN_SECONDS: Final = 0.001
#: What makes a record of a line's value, at the time of its acceptance.
Accept = Callable[[Any, datetime], Accepted]
_UNKNOWN: Final = "the log did not acknowledge in time: it may have been recorded. Post the same again"


@dataclass(slots=True)
class _Slice:
    """Some lines as they came; None stands for one that is too long."""

    lines: list[tuple[int, bytes | None]] = field(default_factory=list)
    size: int = 0

    def add(self, number: int, line: bytes | None) -> bool:
        """Take a line in; returns whether that was enough for a slice."""
        self.lines.append((number, line))
        self.size += len(line or b"")
        return len(self.lines) >= _SLICE_LINES or self.size >= _SLICE_BYTES


@dataclass(slots=True)
class _Decoded:
    """A slice's results so far, and what of it is accepted, by its place among the results."""

    results: list[dict[str, Any] | None] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)


class Bulk:
    """One body's way into the log, and the lines of its answer."""

    def __init__(
        self,
        log: KafkaLog,
        admission: Admission,
        allowance: Allowance,
        accept: Accept,
        *,
        validate: bool,
        everything: bool,
        status: int = 201,
    ) -> None:
        self._log = log
        self._admission = admission
        self._allowance = allowance
        self._accept = accept
        self._validate = validate
        self._everything = everything or validate
        self._status = status
        self._clock = Clock()
        self._counts = {"recorded": 0, "refused": 0, "unknown": 0}
        self._reached: dict[int, int] = {}
        self._trouble: ProblemError | None = None

    async def take(self, lines: AsyncIterator[tuple[int, bytes | None]], results: Results) -> None:
        """Take all lines in. Once the log is out of reach the rest is only read and counted, not sent."""
        under_way: deque[asyncio.Task[None]] = deque()
        current = _Slice()
        try:
            async for number, line in lines:
                if current.add(number, line):
                    await self._send(current, under_way, results)
                    current = _Slice()
            await self._send(current, under_way, results)
            while under_way:
                await under_way.popleft()
        except StalledError as error:
            await self._send(current, under_way, results)
            while under_way:
                await under_way.popleft()
            self._fail(str(error))
        finally:  # also if the body breaks off: what was taken in is recorded, and counted
            await asyncio.gather(*under_way, return_exceptions=True)
        results.end(self._summary(results))

    async def _send(self, current: _Slice, under_way: "deque[asyncio.Task[None]]", results: Results) -> None:
        """Set a slice on its way, or as much of it at a time as its sender may bring."""
        rest = current.lines
        while rest:
            allowed = await self._allowance.portion(len(rest)) if self._trouble is None else len(rest)
            if not allowed:
                self._trouble = self._trouble or self._allowance.refusal(rest[0][0])
                allowed = len(rest)
            await self._send_on(_Slice(rest[:allowed]), under_way, results)
            rest = rest[allowed:]

    async def _send_on(self, current: _Slice, under_way: "deque[asyncio.Task[None]]", results: Results) -> None:
        """Decode a slice and set it on its way, when there is a place for it; or leave its lines out."""
        while under_way and (self._trouble is not None or len(under_way) > _SLICES_UNDER_WAY or under_way[0].done()):
            await under_way.popleft()
        if self._trouble is not None:
            for number, _ in current.lines:
                self._leave_out(number, results)
            return
        await self._admission.slices.acquire()
        try:
            async with self._admission.decoding:
                decoded = await self._decode(current)
        except BaseException:
            self._admission.slices.release()
            raise
        before = under_way[-1] if under_way else None
        under_way.append(asyncio.create_task(self._append(decoded, before, results)))
        await asyncio.sleep(0)  # it is on its way before the next one is begun

    async def _decode(self, current: _Slice) -> _Decoded:
        decoded = _Decoded()
        now = asyncio.get_running_loop().time
        turn_ends = now() + TURN_SECONDS
        for number, line in current.lines:
            if now() > turn_ends:
                await asyncio.sleep(0)
                turn_ends = now() + TURN_SECONDS
            self._add(decoded, number, line)
        return decoded

    def _add(self, decoded: _Decoded, number: int, line: bytes | None) -> None:
        try:
            if line is None or len(line) > MAX_EVENT_BYTES:
                raise TooLargeError(f"line {number} has over {MAX_EVENT_BYTES} bytes (256 KiB), the most for one")
            accepted = self._accept(read_without_bom(line), self._clock.tick())
        except (LanguageError, TooLargeError) as error:
            self._counts["refused"] += 1
            problem = problem_of(error)
            decoded.results.append({"line": number, "status": problem.kind.status, "problem": problem.body()})
            return
        if self._validate:
            decoded.results.append({"line": number, "status": 200, "event": accepted.normalised})
            return
        decoded.places.append((len(decoded.results), number))
        decoded.accepted.append(accepted)
        decoded.results.append(None)

    async def _append(self, decoded: _Decoded, before: "asyncio.Task[None] | None", results: Results) -> None:
        """Append a slice and write its lines, behind those of the one before it; then another may have its place."""
        try:
            try:
                appended = await self._log.append(decoded.accepted, bulk=True) if decoded.accepted else []
            except UnavailableError as error:
                appended = [None] * len(decoded.accepted)
                self._fail(str(error))
            if before is not None:
                await asyncio.wait({before})
            for accepted, (place, line), at in zip(decoded.accepted, decoded.places, appended, strict=True):
                if at is not None:
                    self._count(at)
                if self._everything or at is None:
                    decoded.results[place] = self._outcome(accepted, line, at)
            for result in decoded.results:
                if result is not None and (self._everything or 400 <= result["status"] < 500):
                    results.write(result)
        finally:
            self._admission.slices.release()

    def _outcome(self, accepted: Accepted, line: int, at: Appended | None) -> dict[str, Any]:
        event_id = accepted.record.event_id
        if at is None:
            self._counts["unknown"] += 1
            self._fail("the log did not acknowledge in time")
            problem = problem_of(UnknownOutcomeError(event_id, _UNKNOWN))
            return {"line": line, "status": problem.kind.status, "id": event_id, "problem": problem.body()}
        return {"line": line, "status": self._status, "id": event_id, "position": at.position}

    def _count(self, at: Appended) -> None:
        self._counts["recorded"] += 1
        if at.offset >= self._reached.get(at.partition, 0):
            self._reached[at.partition] = at.offset

    def _leave_out(self, line: int, results: Results) -> None:
        self._counts["unknown"] += 1
        if self._everything and self._trouble is not None:
            results.write({"line": line, "status": self._trouble.kind.status, "problem": self._trouble.body()})

    def _fail(self, reason: str) -> None:
        self._trouble = self._trouble or ProblemError(INCOMPLETE, f"{reason}: post the same body again")

    def _summary(self, results: Results) -> dict[str, Any]:
        trouble = self._trouble
        if trouble is None and results.cut:
            trouble = ProblemError(RESULTS_CUT, f"{results.cut} lines of this answer were dropped: post smaller bodies")
        position = format_positions(self._reached)
        return {**self._counts, "timeline_position": position, **({"problem": trouble.body()} if trouble else {})}


async def answer_bulk(
    request: Request, accept: Accept, *, validate: bool, everything: bool, status: int = 201
) -> Response:
    """Take the body in, then answer; `status` is that of a line which is recorded.

    The body is read to its end first: a streaming response would lose its lines.
    """
    require_identity(request)
    admission: Admission = request.app.state.admission
    allowance = allowance_of(request)
    allowance.require_beginning()
    results = Results(request.app.state.results_bytes)
    bulk = Bulk(
        request.app.state.log, admission, allowance, accept, validate=validate, everything=everything, status=status
    )
    try:
        async with admission.place():
            await bulk.take(no_table(read_lines(admission.parts(request.stream()))), results)
    except BaseException:
        results.close()
        raise
    position = results.summary["timeline_position"]
    headers = {"timeline-position": position} if position else {}
    return StreamingResponse(results.chunks(), 200, headers, "application/x-ndjson")
