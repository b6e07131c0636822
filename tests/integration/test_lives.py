"""The lives of events over HTTP: posted to ingest, judged by the projector, read from the timeline service."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from tests.support.engines import Engines
from tests.support.processes import Services
from tests.support.projections import projected
from tests.support.timeline_stacks import TimelineStack, timeline_stack

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

    titles: list[str] = field(default_factory=list)
    revision: int = 1
    retracted: bool = False


async def test_random_lives_survive_kills_and_rebalances(engines: Engines) -> None:
    async with timeline_stack(engines) as stack, _product(stack) as product:
        await _live_through_kills(product)


async def _live_through_kills(product: Product) -> None:
    chance = random.Random(4)
    models: dict[str, Model] = {}
    projectors = [product.services.all[0], await product.services.projector("second")]
    for step in range(60):
        if step % 25 == 24:
            killed = projectors[step // 25 % 2]
            await killed.kill()
            killed.start()
        await _live(product, chance, models)
    await projected(product.services)  # and so everything that was posted is there to be read
    for event_id, model in models.items():
        event = await product.get(f"/v1/events/{event_id}")
        assert (event["title"], event["revision"]) == (model.titles[-1], model.revision)
        assert (event["status"] == "retracted") == model.retracted
    shown = await product.titles("IN-CN", limit=1000)
    assert sorted(shown) == sorted(model.titles[-1] for model in models.values() if not model.retracted)


async def _live(product: Product, chance: random.Random, models: dict[str, Model]) -> None:
    """One step: something is posted or changed, and the outcome is what the model says."""
    title = f"words {chance.randint(1, 6)}"
    if not models or chance.random() < 0.25:
        models[await product.post(id=str(uuid4()), title=title)] = Model([title])
        return
    event_id = chance.choice(list(models))
    model = models[event_id]
    if chance.random() < 0.15:  # the first words again, whatever has become of them
        posted = await product.ingest.post("/v1/events", json={**BAN, "id": event_id, "title": model.titles[0]})
        assert (await product.get(f"/v1/records/{posted.json()['position']}", wait=20))["outcome"] == "duplicate"
        return
    if chance.random() < 0.3:
        outcome = await product.retract(event_id)
        expected = ("rejected", "already-retracted") if model.retracted else ("applied", None)
        model.retracted = True
    else:
        stale = chance.random() < 0.2
        outcome = await product.correct(event_id, model.revision + 5 if stale else None, title=title)
        if stale:
            expected = ("rejected", "stale-revision")
        elif not model.retracted and title == model.titles[-1]:
            expected = ("rejected", "no-change")
        else:
            expected = ("applied", None)
            model.titles.append(title)
            model.retracted = False
    model.revision += expected[0] == "applied"
    assert (outcome["outcome"], outcome.get("problem")) == expected
    assert outcome["revision"] == model.revision
