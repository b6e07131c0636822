"""What has changed in a pair is the difference of its two timelines, whatever happened between them."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from hypothesis import strategies as st
from tests.integration.test_selection_properties import check_by_hypothesis
from tests.support.inputs.random_events import PAIRS, RandomWriter
from tests.support.models.timeline_model import Standing, TimelineModel
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from event_schemas.countries import pairs_of
from event_schemas.positions import format_positions, parse_position
from event_schemas.records import Record
from timeline_service.domain.vectors import OffsetVector

PARTITIONS: Final = 3


@dataclass
class World:
    """A stack, and every record of its log with its position, in the order in which they were appended."""

    stack: TimelineStack
    writer: RandomWriter
    log: list[tuple[Record, str]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    async def append(self, count: int) -> None:
        """Append so many random records, and have them projected."""
        records = [self.writer.record() for _ in range(count)]
        self.log += zip(records, await self.stack.log.append(*records), strict=True)
        await self.stack.get("/v1/status", written(self.end))

    @property
    def end(self) -> OffsetVector:
        """Where the log ends."""
        ends = [0] * PARTITIONS
        for _, position in self.log:
            partition, offset = parse_position(position)
            ends[partition] = offset + 1
        return tuple(ends)

    def shown(self, vector: OffsetVector, pair: str, *, retracted: bool) -> dict[str, Standing]:
        """What a reader of a pair is shown at a vector."""
        model = TimelineModel()
        for record, position in self.log:
            partition, offset = parse_position(position)
            if offset < vector[partition]:
                model.tell(record, position)
        return {
            each.event_id: each for each in model.standing() if pair in each.pairs and (retracted or not each.retracted)
        }


def written(vector: OffsetVector) -> str:
    """A vector as a Timeline-Position."""
    return format_positions({partition: offset - 1 for partition, offset in enumerate(vector) if offset})


@pytest.fixture(scope="module")
async def world(engines: Engines) -> AsyncIterator[World]:
    """Some hundred records, of which many correct, move, retract and reinstate."""
    async with timeline_stack(engines) as stack:
        world = World(stack, RandomWriter(random.Random(20261130)))
        await world.append(500)
        yield world


@dataclass(frozen=True)
class Question:
    """A pair between two parts of the log, of which the second has all that the first has."""

    pair: str
    parts: tuple[tuple[float, float], ...]
    retracted: bool
    limits: tuple[int, ...]
    goes_on: bool


parts = st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 1))
questions = st.builds(
    Question,
    st.sampled_from(PAIRS),
    st.tuples(*[st.tuples(parts, parts)] * PARTITIONS),
    st.booleans(),
    st.lists(st.integers(1, 30), min_size=1, max_size=3).map(tuple),
    st.integers(0, 9).map(lambda chance: chance == 0),
)


async def test_changes_are_the_difference_of_the_timelines(world: World) -> None:
    async def check(question: Question) -> None:
        ends = world.end
        since = tuple(int(min(two) * end) for two, end in zip(question.parts, ends, strict=True))
        until = tuple(int(max(two) * end) for two, end in zip(question.parts, ends, strict=True))
        if not any(until):
            return  # nothing, which no position names
        before = world.shown(since, question.pair, retracted=question.retracted)
        after = world.shown(until, question.pair, retracted=question.retracted)
        items = await read_pages(world, question, written(since), written(until))
        found = {(item.get("event") or item["before"])["id"]: item for item in items}
        assert len(found) == len(items), "an event stands there once"
        assert found.keys() == {
            each
            for each in before.keys() | after.keys()
            if (each in before) != (each in after) or before[each].revision != after[each].revision
        }
        for event_id, item in found.items():
            check_item(item, before.get(event_id), after.get(event_id), since)
            moved = "event" not in item and item["revisions"][-1]["action"] != "retracted"
            world.seen["moved" if moved else item["change"]] += 1
        touches = [touch(world, item, question.pair) for item in items]
        assert touches == sorted(touches, reverse=True), "the last to be revised stands first"

    await check_by_hypothesis(questions, 80, check)
    assert min(world.seen[change] for change in ("appeared", "left", "moved", "changed")) > 20, world.seen


async def read_pages(world: World, question: Question, since: str, until: str) -> list[dict[str, Any]]:
    """All pages of an answer."""
    asked: dict[str, Any] = {"since": since or None, "until": until}
    if question.retracted:
        asked["include"] = "retracted"
    path, items, page = f"/v1/timelines/{question.pair}/changes", list[dict[str, Any]](), 0
    body = await world.stack.get(path, **asked, limit=question.limits[0])
    while True:
        assert (body["pair"], body["since"], body["until"]) == (question.pair, since or None, until)
        items += body["items"]
        if body["next"] is None:
            return items
        assert len(body["items"]) == question.limits[page % len(question.limits)]
        if question.goes_on and page == 0:
            await world.append(3)
        page += 1
        body = await world.stack.get(path, cursor=body["next"], limit=question.limits[page % len(question.limits)])


def check_item(item: dict[str, Any], before: Standing | None, after: Standing | None, since: OffsetVector) -> None:
    """Assert that an item tells of an event as the model has it."""
    assert item["change"] == ("changed" if before and after else "appeared" if after else "left")
    for name, standing in (("before", before), ("event", after)):
        assert (name in item) == (standing is not None)
        if standing is not None:
            shown = item[name]
            assert (shown["id"], shown["revision"], shown["title"], shown["position"]) == (
                *(standing.event_id, standing.revision, standing.event.title, standing.position),
            )
            assert shown["status"] == ("retracted" if standing.retracted else "current")
    numbers = [step["revision"] for step in item["revisions"]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    for step in item["revisions"]:
        partition, offset = parse_position(step["position"])
        assert offset >= since[partition]
        assert (step["reason"] is None) == (step["action"] == "recorded")
    if before is not None:
        assert numbers[0] == before.revision + 1
    if before is not None and after is not None:
        changed = {change["pointer"] for change in item["changes"]}
        assert ("/title" in changed) == (before.event.title != after.event.title)
        assert ("/status" in changed) == (before.retracted != after.retracted)


def touch(world: World, item: dict[str, Any], pair: str) -> tuple[Any, ...]:
    """The last record that gave the event an entry in the pair, or took it away; with when that was recorded."""
    steps = item["revisions"]
    touching, stands = steps[-1], True
    if "event" not in item:
        said = {position: record.event for record, position in world.log}
        for step in steps:
            event, stood = said[step["position"]], stands
            if event is not None:  # a retraction leaves it where it was
                stands = pair in pairs_of(event.countries, event.initiators)
            if stands or stood:
                touching = step
    return (touching["recorded_at"], *parse_position(touching["position"]))
