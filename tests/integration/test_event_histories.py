"""The histories of events over HTTP: posted to ingest, judged by the projector, read from the timeline service."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Final, TypeVar
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from tests.support.running.engines import Engines
from tests.support.running.processes import Service, Services
from tests.support.running.projections import projected
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

T = TypeVar("T")
BAN: Final[dict[str, Any]] = {"title": "a ban", "when": "2020", "countries": ["IN", "CN"], "type": "ban"}


@dataclass(slots=True)
class Product:
    """All of the product, as its users reach it."""

    services: Services
    ingest: httpx.AsyncClient
    timeline: httpx.AsyncClient

    async def post(self, **fields: Any) -> str:
        """Post an event; returns its id."""
        answer = await self.ingest.post("/v1/events", json={**BAN, **fields})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def change(self, event_id: str, action: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        """Correct or retract; returns the outcome that the answer's Location gives."""
        answer = await self.ingest.post(f"/v1/events/{event_id}/{action}", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        assert answer.json()["id"] == event_id
        outcome = await self.timeline.get(answer.headers["location"], params={"wait": 20})
        assert outcome.status_code == 200, outcome.text
        found: dict[str, Any] = outcome.json()
        assert found["position"] == answer.json()["position"] == answer.headers["timeline-position"]
        return found

    async def correct(self, event_id: str, expected: int | None = None, **fields: Any) -> dict[str, Any]:
        """Correct an event; returns the outcome."""
        body = {"reason": "a better source", "event": {**BAN, **fields}}
        return await self.change(event_id, "corrections", body | ({"expected_revision": expected} if expected else {}))

    async def retract(self, event_id: str, **more: Any) -> dict[str, Any]:
        """Retract an event; returns the outcome."""
        return await self.change(event_id, "retractions", {"reason": "it did not happen", **more})

    async def tell_now(self, **fields: Any) -> dict[str, Any]:
        """Post an event as a feed does that says again how things are; returns the outcome."""
        how = {"existing": "correct", "reason": "as the feed has it"}
        answer = await self.ingest.post("/v1/events", params=how, json={**BAN, **fields})
        assert answer.status_code == 201, answer.text
        return await self.get(f"/v1/records/{answer.json()['position']}", wait=20)

    async def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """The body of a 200."""
        answer = await self.timeline.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def titles(self, pair: str, **parameters: Any) -> list[str]:
        """The titles of a pair's timeline."""
        return [item["title"] for item in (await self.get(f"/v1/timelines/{pair}", **parameters))["items"]]


@pytest.fixture(scope="module")
async def product(engines: Engines) -> AsyncIterator[Product]:
    """Ingest, a projector and the timeline service, for tests that look at their own events and pairs."""
    async with timeline_stack(engines) as stack, _product(stack) as running:
        yield running


@asynccontextmanager
async def _product(stack: TimelineStack) -> AsyncIterator[Product]:
    ingest = await stack.services.ingest(TIMELINE_URL=str(stack.client.base_url).rstrip("/"))
    async with httpx.AsyncClient(base_url=ingest.url, timeout=30, trust_env=False) as writing:
        yield Product(stack.services, writing, stack.client)


async def test_an_event_is_corrected_moved_retracted_and_reinstated(product: Product) -> None:
    event_id = await product.post(title="first words", countries=["IN", "CU"])
    moved = await product.correct(event_id, 1, title="second words", countries=["IN", "PK"], when="2021-05")
    assert (moved["outcome"], moved["revision"]) == ("applied", 2)
    assert await product.titles("IN-CU") == []
    assert await product.titles("IN-PK") == ["second words"]
    assert (await product.retract(event_id))["revision"] == 3
    assert await product.titles("IN-PK") == []
    assert await product.titles("IN-PK", include="retracted") == ["second words"]
    event = await product.get(f"/v1/events/{event_id}")
    assert (event["status"], event["revision"]) == ("retracted", 3)
    again = await product.correct(event_id, title="second words", countries=["IN", "PK"], when="2021-05")
    assert (again["outcome"], again["revision"]) == ("applied", 4)
    history = await product.get(f"/v1/events/{event_id}/revisions")
    assert [item["action"] for item in history["items"]] == ["recorded", "corrected", "retracted", "reinstated"]
    assert [item["reason"] for item in history["items"]][1:3] == ["a better source", "it did not happen"]
    assert {item["principal"] for item in history["items"]} == {"anonymous"}
    changes = {item["pointer"]: (item["before"], item["after"]) for item in history["items"][1]["changes"]}
    assert changes == {
        "/countries": (["CUB", "IND"], ["IND", "PAK"]),
        "/title": ("first words", "second words"),
        "/when": ("2020", "2021-05"),
    }
    assert [item["changes"] for item in history["items"]][2:] == [
        [{"pointer": "/status", "before": "current", "after": "retracted"}],
        [{"pointer": "/status", "before": "retracted", "after": "current"}],
    ]
    current = await product.get(f"/v1/events/{event_id}")
    assert current["revised_at"] == history["items"][3]["recorded_at"] > current["recorded_at"]
    assert current["position"] == history["items"][3]["position"]


async def test_a_feed_says_how_things_are_but_brings_nothing_back(product: Product) -> None:
    stranger = str(uuid4())
    outcomes = [await product.tell_now(id=stranger, title=title) for title in ("a", "a", "b", "b", "a")]
    assert [(item["outcome"], item["revision"]) for item in outcomes] == [
        ("applied", 1),
        ("duplicate", 1),
        ("applied", 2),
        ("duplicate", 2),
        ("applied", 3),
    ]
    history = (await product.get(f"/v1/events/{stranger}/revisions"))["items"]
    assert [(item["action"], item["event"]["title"], item["reason"]) for item in history] == [
        ("recorded", "a", None),
        ("corrected", "b", "as the feed has it"),
        ("corrected", "a", "as the feed has it"),
    ]
    assert (await product.retract(stranger))["outcome"] == "applied"
    for title in ("a", "c"):
        refused = await product.tell_now(id=stranger, title=title)
        assert (refused["outcome"], refused["problem"], refused["revision"]) == ("rejected", "retracted", 4)
    assert (await product.get(f"/v1/events/{stranger}"))["status"] == "retracted"


async def test_every_verdict_has_its_name(product: Product) -> None:
    stranger = str(uuid4())
    assert (await product.correct(stranger))["problem"] == "unknown-event"
    assert (await product.retract(stranger))["problem"] == "unknown-event"
    event_id = await product.post(title="words", id=stranger)
    assert (await product.correct(event_id, title="words"))["problem"] == "no-change"
    stale = await product.correct(event_id, 7, title="others")
    assert (stale["outcome"], stale["problem"], stale["revision"]) == ("rejected", "stale-revision", 1)
    other = await product.ingest.post("/v1/events", json={**BAN, "title": "other words", "id": event_id})
    assert (await product.get(f"/v1/records/{other.json()['position']}", wait=20))["problem"] == "conflict"
    first = await product.correct(event_id, 1, title="others")
    twice = await product.correct(event_id, 1, title="others")
    assert (twice["outcome"], twice["duplicate_of"]) == ("duplicate", first["position"])
    assert (await product.retract(event_id, duplicate_of=str(uuid4())))["outcome"] == "applied"
    assert (await product.retract(event_id))["problem"] == "already-retracted"
    status = await product.get("/v1/status")
    counts = status["records"]
    assert counts["total"] == counts["applied"] + counts["duplicate"] + counts["rejected"] + counts["parked"]
    assert counts["total"] == sum(item["log_end"] for item in status["partitions"])


@pytest.mark.parametrize(
    ("action", "body", "pointer"),
    [
        ("corrections", {"event": BAN}, "/reason"),
        ("corrections", {"reason": "", "event": BAN}, "/reason"),
        ("corrections", {"reason": "why"}, "/event"),
        ("corrections", {"reason": "why", "event": {**BAN, "when": "2025-02-29"}}, "/event/when"),
        ("corrections", {"reason": "why", "event": BAN, "expected_revision": 0}, "/expected_revision"),
        ("corrections", {"reason": "why", "event": {**BAN, "id": str(uuid4())}}, "/event/id"),
        ("retractions", {}, "/reason"),
        ("retractions", {"reason": "why", "duplicate_of": "7"}, "/duplicate_of"),
    ],
)
async def test_a_change_that_cannot_be_is_refused_before_the_log(
    product: Product, action: str, body: dict[str, Any], pointer: str
) -> None:
    answer = await product.ingest.post(f"/v1/events/{uuid4()}/{action}", json=body)
    assert answer.status_code == 422
    assert [item["pointer"] for item in answer.json()["errors"]] == [pointer]


async def test_of_concurrent_corrections_with_one_expectation_exactly_one_wins(product: Product) -> None:
    event_id = await product.post()
    outcomes = await asyncio.gather(*(product.correct(event_id, 1, title=f"words {n}") for n in range(12)))
    won = [item for item in outcomes if item["outcome"] == "applied"]
    lost = [item for item in outcomes if item["outcome"] == "rejected"]
    assert (len(won), len(lost)) == (1, 11)
    assert {(item["problem"], item["revision"]) for item in lost} == {("stale-revision", 2)}


@dataclass(slots=True)
class Model:
    """What a user believes of an event after the outcomes that came back to them."""

    titles: list[str]
    revision: int = 1
    retracted: bool = False


TITLES: Final = st.sampled_from(["words", "other words", "more words"])


class Lives(RuleBasedStateMachine):
    """Random interleavings of what users do and of what happens to projectors, against a model of each event.

    It runs in a thread of its own; `loop` is where the product's clients live.
    """

    product: ClassVar[Product]
    projectors: ClassVar[list[Service]]
    loop: ClassVar[asyncio.AbstractEventLoop]
    pairs: ClassVar[Iterator[tuple[str, str]]]

    def __init__(self) -> None:
        super().__init__()
        self.models: dict[str, Model] = {}
        self.countries = list(next(self.pairs))  # a timeline of this run's own
        self.kills = 0

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Have something done in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(90)

    def chosen(self, number: int) -> tuple[str, Model]:
        """One of the events."""
        return list(self.models.items())[number % len(self.models)]

    @initialize(title=TITLES)
    def begin(self, title: str) -> None:
        self.post(title)

    @rule(title=TITLES)
    def post(self, title: str) -> None:
        event_id = self.do(self.product.post(id=str(uuid4()), title=title, countries=self.countries))
        self.models[event_id] = Model([title])

    @rule(number=st.integers(0, 99))
    def post_the_first_words_again(self, number: int) -> None:
        event_id, model = self.chosen(number)
        event = {**BAN, "id": event_id, "title": model.titles[0], "countries": self.countries}
        position = self.do(self.product.ingest.post("/v1/events", json=event)).json()["position"]
        assert self.do(self.product.get(f"/v1/records/{position}", wait=20))["outcome"] == "duplicate"

    @rule(number=st.integers(0, 99), title=TITLES, stale=st.booleans())
    def correct(self, number: int, title: str, stale: bool) -> None:
        event_id, model = self.chosen(number)
        expected = model.revision + 5 if stale else None
        outcome = self.do(self.product.correct(event_id, expected, title=title, countries=self.countries))
        if stale:
            assert outcome["problem"] == "stale-revision"
        elif not model.retracted and title == model.titles[-1]:
            assert outcome["problem"] == "no-change"
        else:
            assert outcome["outcome"] == "applied"
            model.titles.append(title)
            model.revision += 1
            model.retracted = False
        assert outcome["revision"] == model.revision

    @rule(number=st.integers(0, 99), title=TITLES)
    def tell_how_it_is_now(self, number: int, title: str) -> None:
        event_id, model = self.chosen(number)
        outcome = self.do(self.product.tell_now(id=event_id, title=title, countries=self.countries))
        if model.retracted:
            assert outcome["problem"] == "retracted"
        elif title == model.titles[-1]:
            assert outcome["outcome"] == "duplicate"
        else:
            assert outcome["outcome"] == "applied"
            model.titles.append(title)
            model.revision += 1
        assert outcome["revision"] == model.revision

    @rule(number=st.integers(0, 99))
    def retract(self, number: int) -> None:
        event_id, model = self.chosen(number)
        outcome = self.do(self.product.retract(event_id))
        if model.retracted:
            assert outcome["problem"] == "already-retracted"
        else:
            assert outcome["outcome"] == "applied"
            model.revision += 1
            model.retracted = True
        assert outcome["revision"] == model.revision

    @precondition(lambda self: self.kills == 0)  # a rebalance takes seconds
    @rule(number=st.integers(0, 1))
    def kill_a_projector(self, number: int) -> None:
        self.kills += 1
        self.do(self.projectors[number].kill())
        self.projectors[number].start()

    def teardown(self) -> None:
        self.do(projected(self.product.services))  # and so everything that was posted is there to be read
        for event_id, model in self.models.items():
            event = self.do(self.product.get(f"/v1/events/{event_id}"))
            assert (event["title"], event["revision"]) == (model.titles[-1], model.revision)
            assert (event["status"] == "retracted") == model.retracted
        shown = self.do(self.product.titles("-".join(self.countries), limit=1000))
        assert sorted(shown) == sorted(model.titles[-1] for model in self.models.values() if not model.retracted)


async def test_random_lives_survive_kills_and_rebalances(engines: Engines) -> None:
    async with timeline_stack(engines) as stack, _product(stack) as product:
        Lives.product, Lives.loop = product, asyncio.get_running_loop()
        Lives.projectors = [product.services.all[0], await product.services.projector("second")]
        Lives.pairs = combinations(["IND", "CHN", "PAK", "USA", "FRA", "DEU"], 2)
        few = settings(
            max_examples=4,
            stateful_step_count=15,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        await asyncio.to_thread(run_state_machine_as_test, Lives, settings=few)
