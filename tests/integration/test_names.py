"""Tags, actors and publishers as they are listed to filter by: with counts, by their beginning, in pages, exactly."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack


@pytest.fixture
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        yield running


def published(*names: str) -> list[dict[str, str]]:
    return [{"url": f"https://example.org/{number}", "publisher": name} for number, name in enumerate(names)]


def counts(body: dict[str, Any]) -> dict[str, int]:
    return {item["name"]: item["count"] for item in body["items"]}


async def test_names_are_counted_by_what_events_say_now(stack: TimelineStack) -> None:
    one = recording("one", tags=["chips", "5g"], actors=["São Paulo", "Huawei"], sources=published("Le Monde"))
    two = recording("two", tags=["chips"], actors=["HUAWEI"], sources=published("LE MONDE", "le monde", "The Hindu"))
    three = recording("three", countries=("FR", "DE"), tags=["apps"])
    position = await stack.append(one, two, three)
    assert counts(await stack.get("/v1/tags", position)) == {"chips": 2, "5g": 1, "apps": 1}
    assert list(counts(await stack.get("/v1/tags"))) == ["chips", "5g", "apps"]  # of equals, by name
    assert counts(await stack.get("/v1/actors")) in ({"Huawei": 2, "São Paulo": 1}, {"HUAWEI": 2, "São Paulo": 1})
    publishers = counts(await stack.get("/v1/publishers"))
    assert sorted(publishers.values()) == [1, 2]
    assert publishers["The Hindu"] == 1
    assert counts(await stack.get("/v1/actors", prefix="sao")) == {"São Paulo": 1}
    assert counts(await stack.get("/v1/publishers", prefix="  THE h")) == {"The Hindu": 1}
    assert counts(await stack.get("/v1/tags", prefix="CH")) == {"chips": 2}
    assert counts(await stack.get("/v1/tags", prefix="hips")) == {}
    assert counts(await stack.get("/v1/tags", pair="DE-FR")) == {"apps": 1}
    assert counts(await stack.get("/v1/tags", publisher="the hindu")) == {"chips": 1}

    reads = [await stack.get(f"/v1/events/{each.event_id}") for each in (one, two, three)]
    before = max(read["recorded_at"] for read in reads)  # partitions are appended to one after the other
    position = await stack.append(
        correcting(one.event_id, "one", "2020", tags=["steel"], actors=["Huawei"]), retracting(two.event_id)
    )
    assert counts(await stack.get("/v1/tags", position)) == {"apps": 1, "steel": 1}
    assert list(counts(await stack.get("/v1/actors")).values()) == [1]
    assert counts(await stack.get("/v1/publishers")) == {}
    assert counts(await stack.get("/v1/publishers", include="retracted")).keys() >= {"The Hindu"}
    assert counts(await stack.get("/v1/tags", as_of=before)) == {"chips": 2, "5g": 1, "apps": 1}
    position = await stack.append(correcting(two.event_id, "two again", "2020", tags=["steel"]))  # reinstated
    assert counts(await stack.get("/v1/tags", position)) == {"steel": 2, "apps": 1}


async def test_pages_stand_still_while_names_are_counted_on(stack: TimelineStack) -> None:
    events = [recording(f"event {number}", tags=[f"t{at}" for at in range(number + 1)]) for number in range(6)]
    first = await stack.get("/v1/tags", await stack.append(*events), limit=2)
    assert counts(first) == {"t0": 6, "t1": 5}
    again = await stack.get("/v1/tags", cursor=first["next"], limit=1)
    assert counts(again) == {"t2": 4}
    position = await stack.append(*(recording(f"later {number}", tags=["t5", "t6"]) for number in range(9)))
    later = await stack.get("/v1/tags", position, cursor=first["next"], limit=1000)
    assert counts(later) == {"t2": 4, "t3": 3, "t4": 2, "t5": 1}
    assert counts(await stack.get("/v1/tags", limit=3)) == {"t5": 10, "t6": 9, "t0": 6}


async def test_a_list_of_names_has_a_position_and_a_tag_and_refuses_in_words(stack: TimelineStack) -> None:
    position = await stack.append(recording("one", tags=["chips"]))
    answer = await stack.client.get("/v1/tags", headers={"timeline-position": position})
    assert answer.headers["timeline-position"] == position
    known = {"if-none-match": answer.headers["etag"]}
    assert (await stack.client.get("/v1/tags", headers=known)).status_code == 304
    for query, pointer in (("prefix=%00", "/prefix"), ("pair=IN-XX", "/pair"), ("colour=red", "/colour")):
        problem = await stack.refusal(f"/v1/tags?{query}")
        assert (problem["status"], problem["errors"][0]["pointer"]) == (400, pointer)


@pytest.mark.parametrize("name", ["\U0001134b" * 300, "ﷺ" * 300, "x" * 300, "\u0301", "🎉🎊"])
async def test_no_name_stops_the_documents(stack: TimelineStack, name: str) -> None:
    position = await stack.append(recording("hostile", actors=[name], sources=published(name)))
    for kind in ("actors", "publishers"):
        assert counts(await stack.get(f"/v1/{kind}", position)) == {name: 1}
        assert len((await stack.get(f"/v1/{kind}", prefix=name))["items"]) == 1
