import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from starlette.requests import ClientDisconnect
from tests.support.running.ingesting import an_event

from ingest_service.adapters.kafka_log import KafkaLog
from ingest_service.adapters.kafka_session import Appended
from ingest_service.api.admission import Admission
from ingest_service.api.allowance import Allowance
from ingest_service.api.bulk import Bulk
from ingest_service.api.results import Results
from ingest_service.domain.accept import Accepted, Terms, accept_event
from service_edge.access.callers import ANYBODY
from service_edge.access.rates import Rate
from service_edge.kafka_access import KafkaAccess
from service_edge.problems import TOO_MANY, ProblemError

LINES = 5_000


class InstantLog(KafkaLog):
    """Acknowledges at once, so that taking lines in never has to wait."""

    def __init__(self) -> None:
        super().__init__(KafkaAccess("127.0.0.1:1"), "topic", 1)
        self.length = 0

    async def append(self, accepted: Sequence[Accepted], *, bulk: bool = False) -> list[Appended | None]:
        self.length += len(accepted)
        first = self.length - len(accepted)
        return [Appended(0, first + place, datetime.now(UTC)) for place in range(len(accepted))]


async def at_once(lines: Sequence[bytes]) -> AsyncIterator[tuple[int, bytes | None]]:
    for number, line in enumerate(lines, 1):
        yield number, line


def accept(value: Any, accepted_at: datetime) -> Accepted:
    return accept_event(value, Terms("anonymous"), accepted_at=accepted_at)


async def take(lines: Sequence[bytes], **asked: bool) -> list[dict[str, Any]]:
    results = Results(2**28)
    admission = Admission(1, 1, 1)
    allowance = Allowance(None, ANYBODY, admission)
    bulk = Bulk(InstantLog(), admission, allowance, accept, validate=False, everything=asked.get("everything", False))
    await bulk.take(at_once(lines), results)
    return [orjson.loads(line) for line in b"".join(results.chunks()).splitlines()]


async def test_others_get_their_turns_while_lines_are_taken_in() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    (summary,) = await take([orjson.dumps(an_event(f"line {number}")) for number in range(LINES)])
    waiting.cancel()
    assert (summary["recorded"], summary["timeline_position"]) == (LINES, f"0:{LINES - 1}")
    assert turns > LINES / 250  # a slice of the log alone is a thousand lines


async def test_each_line_has_its_result_in_order() -> None:
    lines = [orjson.dumps(an_event(f"line {number}")) if number % 3 else b"{}" for number in range(1, LINES + 1)]
    *results, summary = await take(lines, everything=True)
    assert [item["line"] for item in results] == list(range(1, LINES + 1))
    assert summary["recorded"] + summary["refused"] == LINES


async def test_a_stream_that_is_held_back_ends_when_its_sender_has_gone() -> None:
    gone = asyncio.Event()
    allowance = Allowance(Rate(1), ANYBODY, Admission(1, 1, 1), gone.is_set)
    assert await allowance.portion(2) == 1
    held = asyncio.create_task(allowance.portion(1))
    await asyncio.sleep(0)
    gone.set()
    with pytest.raises(ClientDisconnect):
        await asyncio.wait_for(held, 20)


async def test_a_stream_that_is_held_back_ends_at_once_when_the_process_is_to_stop() -> None:
    admission = Admission(1, 1, 1)
    allowance = Allowance(Rate(1), ANYBODY, admission)
    assert await allowance.portion(2) == 1
    held = asyncio.create_task(allowance.portion(1))
    await asyncio.sleep(0)
    admission.leave()
    assert await asyncio.wait_for(held, 20) == 0
    assert "ingest stops: from line 2 on nothing of this was taken in" in allowance.refusal(2).detail


async def test_a_stream_whose_first_line_would_have_to_wait_is_not_begun() -> None:
    allowance = Allowance(Rate(50), ANYBODY, Admission(1, 1, 1))
    allowance.require_beginning()
    allowance.require(1_000)
    with pytest.raises(ProblemError) as refused:
        allowance.require_beginning()
    assert refused.value.kind is TOO_MANY
    assert 1_100 < int(refused.value.headers["retry-after"]) <= 1_142
