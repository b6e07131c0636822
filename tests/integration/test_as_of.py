"""`as_of=T` is exactly what the same request would have answered then."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

from event_schemas.records import Record, format_time

COUNTRIES: Final = ["IND", "CHN", "PAK", "USA"]
DATES: Final = ["2020", "2020-06", "2020-06-29", "2019/..", "../2021", "201X", "2020-01-15/2020-02-15", "2020-21"]
QUESTIONS: Final = [
    ("/v1/timelines/CHN-IND", {"count": "true"}),
    ("/v1/timelines/CHN-IND", {"order": "desc", "include": "retracted", "limit": "3"}),
    ("/v1/timelines/IND-PAK", {"from": "2020-02", "to": "2020", "match": "within"}),
    ("/v1/timelines", {}),
    ("/v1/timelines", {"country": "IND", "order": "count", "limit": "2"}),
    ("/v1/countries/IND/partners", {}),
]


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A projector and a timeline service of this test's own."""
    async with timeline_stack(engines) as running:
        yield running


async def test_the_past_answers_as_it_did(stack: TimelineStack) -> None:
    chance = random.Random(20260213)
    known: list[str] = []
    answers: list[tuple[str, dict[str, Any]]] = []
    position = ""
    for _ in range(12):
        position = await stack.append(*(a_record(chance, known) for _ in range(chance.randint(1, 12))))
        asked = {f"{path} {parameters}": await ask(stack, path, parameters, position) for path, parameters in QUESTIONS}
        for event_id in known[:5]:
            asked[event_id] = await ask(stack, f"/v1/events/{event_id}", {})
            asked[f"{event_id}/revisions"] = await ask(stack, f"/v1/events/{event_id}/revisions", {})
        # All that was appended so far is older than this moment, all that comes is younger.
        moment = datetime.now(UTC) + timedelta(milliseconds=2)
        await _later_than(moment)
        answers.append((format_time(moment), asked))
    for instant, asked in answers:
        for path, parameters in QUESTIONS:
            then = await ask(stack, path, {**parameters, "as_of": instant})
            assert then == asked[f"{path} {parameters}"], (instant, path, parameters)
        for event_id in known[:5]:
            for name in (event_id, f"{event_id}/revisions"):
                if name in asked:
                    assert await ask(stack, f"/v1/events/{name}", {"as_of": instant}) == asked[name]


async def test_pages_of_the_past_go_on_in_the_past(stack: TimelineStack) -> None:
    position = await stack.append(*(recording(f"event {number}", "2020", ["CUB", "IND"]) for number in range(7)))
    await stack.get("/v1/timelines/IN-CU", position)
    moment = datetime.now(UTC)
    await _later_than(moment)
    position = await stack.append(*(recording(f"later {number}", "2020", ["CUB", "IND"]) for number in range(7)))
    await stack.get("/v1/timelines/IN-CU", position)
    titles: list[str] = []
    page = await stack.get("/v1/timelines/IN-CU", limit=2, as_of=format_time(moment))
    while True:
        titles += [item["title"] for item in page["items"]]
        assert page["as_of"] == format_time(moment)
        if page["next"] is None:
            break
        page = await stack.get("/v1/timelines/IN-CU", limit=2, cursor=page["next"])
    assert titles == [f"event {number}" for number in range(7)]


@pytest.mark.parametrize("as_of", ["2999-01-01T00:00:00Z", "2020", "yesterday", "2020-01-01T00:00:00", ""])
async def test_an_instant_that_is_none_or_is_to_come_is_refused(stack: TimelineStack, as_of: str) -> None:
    problem = await stack.refusal(f"/v1/timelines/IN-CN?as_of={as_of}")
    assert problem["status"] == 400
    assert problem["errors"][0]["pointer"] == "/as_of"


async def _later_than(moment: datetime) -> None:
    """Kafka's times are in milliseconds: what is appended next has a later one."""
    await wait_until(lambda: datetime.now(UTC) > moment + timedelta(milliseconds=5))


def a_record(chance: random.Random, known: list[str]) -> Record:
    """A record of a new event, or one that changes an event."""
    countries = chance.sample(COUNTRIES, chance.randint(2, 3))
    title, when = f"title {chance.randint(1, 1000)}", chance.choice(DATES)
    if not known or chance.random() < 0.5:
        record = recording(title, when, countries)
        known.append(record.event_id)
        return record
    event_id = chance.choice(known)
    return correcting(event_id, title, when, countries) if chance.random() < 0.7 else retracting(event_id)


async def ask(stack: TimelineStack, path: str, parameters: dict[str, str], position: str = "") -> dict[str, Any]:
    """An answer without what names the moment that it is of; a refusal too, where there was nothing yet."""
    headers = {"timeline-position": position} if position else {}
    answer = await stack.client.get(path, params=parameters, headers=headers)
    body: dict[str, Any] = answer.json()
    return {name: value for name, value in body.items() if name not in {"as_of", "next", "instance"}}
