"""Generations: listed, activated and dropped over HTTP, and read by their numbers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.generations import connected_to, copy_generation
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

from event_schemas.positions import parse_positions
from event_schemas.records import format_time
from timeline_service.adapters.postgres.database import close_pool, open_pool
from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.adapters.postgres.replays import PostgresReplays

READS: Final = [
    "/v1/timelines/IN-CN",
    "/v1/timelines/IN-CN?limit=2&count=true&order=desc",
    "/v1/timelines/IN-CN.csv",
    "/v1/timelines/IN-CN?q=event",
    "/v1/timelines",
    "/v1/timelines?tag=steel",
    "/v1/countries/IN/partners",
    "/v1/timelines/IN-CN/summary",
    "/v1/events?q=event",
    "/v1/events.ndjson?country=IN",
    "/v1/events/summary",
    "/v1/status",
]


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A stack whose generations come and go."""
    async with timeline_stack(engines) as running:
        yield running


@pytest.fixture
async def replays(stack: TimelineStack) -> AsyncIterator[PostgresReplays]:
    """The table of replays, as the replayer has it; empty at first."""
    pool = await open_pool(stack.services.database_url, most=2)
    await pool.execute("delete from timeline.replays")
    yield PostgresReplays(pool)
    await close_pool(pool)


async def body_of(stack: TimelineStack, path: str) -> Any:
    """What is answered, as text or JSON, without what is of the moment only."""
    answer = await stack.client.get(path)
    assert answer.status_code == 200, answer.text
    if not answer.headers["content-type"].startswith("application/json"):
        return answer.text
    body = answer.json()
    own = {"next", "as_of", "generation", "lag", "lag_seconds"}
    for item in body.get("partitions", []):
        item.update(log_end=None, lag=None, owner=None, gone_since=None)
    return {name: value for name, value in body.items() if name not in own}


def reading(path: str, generation: int, **more: str) -> str:
    """A path with a generation."""
    return str(httpx.URL(path).copy_merge_params({"generation": str(generation), **more}))


async def project(stack: TimelineStack, *records: Any) -> str:
    """Append records and wait until they, and their documents, are projected."""
    position = await stack.append(*records)
    await stack.get("/v1/events", position)
    return position


async def test_every_read_takes_a_generation_that_stays_as_it_was(stack: TimelineStack) -> None:
    first = recording("event one", "2020", ("IN", "CN"), tags=["steel"])
    known = [first, *(recording(f"event {n}", f"201{n}", ("IN", "CN")) for n in range(6))]
    await project(stack, *known, retracting(known[3].event_id))
    before = {path: await body_of(stack, path) for path in READS}
    event, revisions = f"/v1/events/{first.event_id}", f"/v1/events/{first.event_id}/revisions"
    before |= {path: await body_of(stack, path) for path in (event, revisions)}
    old = await copy_generation(stack.services.database_url, fixed=True)
    moved = correcting(first.event_id, "event moved", "2021", ["IN", "PK"])
    position = await project(stack, moved, *(recording(f"event new {n}", "2020", ("IN", "CN")) for n in range(3)))
    for path, answer in before.items():
        assert await body_of(stack, path) != answer, path
        assert await body_of(stack, reading(path, old)) == answer, path
        assert await body_of(stack, reading(path, 1)) == await body_of(stack, path)
    assert (await stack.get(reading("/v1/status", old)))["generation"] == old
    for path in ("/v1/countries", "/v1/types", "/v1/parked"):
        assert await body_of(stack, reading(path, old)) == await body_of(stack, path)
    found = await stack.client.get(reading("/v1/timelines/lookup?a=India&b=China", old))
    assert found.headers["location"] == f"/v1/timelines/CHN-IND?generation={old}"
    refusal = await stack.refusal(reading("/v1/events", old, min_position=position))
    assert (refusal["status"], refusal["errors"][0]["pointer"]) == (400, "/min_position")
    assert f"generation {old} ends at " in refusal["detail"]
    assert (await stack.refusal(reading(f"/v1/records/{position.split(',')[0]}", old)))["status"] == 400
    reached = (await stack.client.get(reading("/v1/events", old))).headers["timeline-position"]
    assert (await stack.client.get(reading("/v1/events", old, min_position=reached))).status_code == 200
    seen = await stack.client.get(reading(f"/v1/records/{reached.split(',')[0]}", old))
    assert seen.json()["outcome"] == "applied"


async def test_a_past_of_a_generation_is_as_much_of_it_as_it_has(stack: TimelineStack) -> None:
    await project(stack, recording("then", "2020", ("FR", "DE")))
    moment = await _after_now()
    await project(stack, recording("later", "2020", ("FR", "DE")))
    old = await copy_generation(stack.services.database_url, fixed=True)
    position = await project(stack, *(recording(f"at last {n}", "2020", ("FR", "DE")) for n in range(9)))
    now = await _after_now()
    for query in ("", "?q=then later last"):
        path = f"/v1/timelines/DEU-FRA{query.replace(' ', '%20or%20')}"
        then = await body_of(stack, str(httpx.URL(path).copy_merge_params({"as_of": moment})))
        assert await body_of(stack, reading(path, old, as_of=moment)) == then
        late = await stack.client.get(reading(path, old, as_of=now))
        assert [item["title"] for item in late.json()["items"]] == ["then", "later"]
        held, there = (parse_positions(text) for text in (late.headers["timeline-position"], position))
        assert any(held.get(partition, -1) < offset for partition, offset in there.items())


async def test_a_cursor_goes_on_in_its_generation(stack: TimelineStack) -> None:
    await project(stack, *(recording(f"event {n}", "2020", ("JP", "KR")) for n in range(5)))
    old = await copy_generation(stack.services.database_url, fixed=True)
    await project(stack, *(recording(f"new {n}", "2019", ("JP", "KR")) for n in range(5)))
    for path in ("/v1/timelines/JPN-KOR", "/v1/events?country=JP"):
        whole = [item["id"] for item in (await stack.get(reading(path, old)))["items"]]
        page = await stack.get(reading(path, old, limit="2"))
        listed = page["items"]
        while page["next"]:
            following = httpx.URL(path).copy_merge_params({"limit": "2", "cursor": page["next"]})
            page = await stack.get(str(following))
            listed += page["items"]
        assert [item["id"] for item in listed] == whole
        assert len(whole) == 5
    cursor = (await stack.get("/v1/timelines/JPN-KOR", limit=2))["next"]
    mixed = await stack.refusal(reading("/v1/timelines/JPN-KOR", old, cursor=cursor))
    assert mixed["errors"][0]["pointer"] == "/cursor"


async def test_generations_have_tags_of_their_own(stack: TimelineStack) -> None:
    await project(stack, recording("event", "2020", ("PE", "CL")))
    url = stack.services.database_url
    one, two = await copy_generation(url, fixed=True), await copy_generation(url)
    for path in ("/v1/timelines/CHL-PER", "/v1/timelines/CHL-PER/summary", "/v1/timelines/CHL-PER.csv"):
        answers = [await stack.client.get(path)]
        answers += [await stack.client.get(reading(path, generation)) for generation in (one, two)]
        assert len({answer.headers["etag"] for answer in answers}) == 3, path


@pytest.mark.parametrize("kind", ["missing", "unready", "foreign"])
async def test_a_generation_that_cannot_be_read_is_not_there(stack: TimelineStack, kind: str) -> None:
    url, n = stack.services.database_url, 10**9
    if kind == "unready":
        n = await copy_generation(url, ready=False)
    elif kind == "foreign":
        n = await copy_generation(url, shape="another")
    for path in (*READS, "/v1/types", "/v1/records/0:0", "/v1/timelines/lookup?a=IN&b=CN"):
        refusal = await stack.refusal(reading(path, n))
        assert (refusal["status"], refusal["type"]) == (404, "/problems/unknown-generation"), path
    assert (await stack.refusal("/v1/timelines/IN-CN/live?generation=1"))["errors"][0]["pointer"] == "/generation"
    assert (await stack.refusal("/v1/types?generation=0"))["errors"][0]["pointer"] == "/generation"


async def test_generations_are_listed(stack: TimelineStack) -> None:
    url = stack.services.database_url
    fixed, unready = await copy_generation(url, fixed=True), await copy_generation(url, ready=False)
    items = {item["n"]: item for item in (await stack.get("/v1/generations"))["items"]}
    assert unready not in items
    assert [item["n"] for item in items.values() if item["live"]] == [1]
    assert "until" not in items[1]
    assert list(items[fixed]["until"]["next_offsets"]) == ["0", "1", "2"]
    assert items[1]["created_at"] < items[fixed]["created_at"]


async def test_a_generation_is_activated_by_a_replay(stack: TimelineStack, replays: PostgresReplays) -> None:
    url = stack.services.database_url
    other, fixed = await copy_generation(url), await copy_generation(url, fixed=True)
    foreign = await copy_generation(url, shape="another")
    for n, status, slug in [
        (1, 409, "generation-live"),
        (fixed, 409, "generation-fixed"),
        (foreign, 409, "generation-foreign"),
        (10**9, 404, "unknown-generation"),
    ]:
        refused = await activate(stack, n)
        assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{slug}")
    assert await replays.open() == []
    filed = await activate(stack, other)
    assert filed.status_code == 202
    view = await stack.get(filed.headers["location"])
    assert (view["kind"], view["generation"], view["state"]) == ("activate", other, "queued")
    again = await activate(stack, other)
    assert (again.status_code, again.json()["replay"]) == (409, view["id"])
    wordy = await stack.client.post(f"/v1/generations/{other}/activate", json={"now": True})
    assert (wordy.status_code, wordy.json()["errors"][0]["pointer"]) == (400, "/body")
    plain = await stack.client.post(f"/v1/generations/{other}/activate", content=b"{}")
    assert plain.status_code == 415


async def test_a_generation_is_dropped_unless_it_is_live_or_being_built(
    stack: TimelineStack, replays: PostgresReplays
) -> None:
    other = await copy_generation(stack.services.database_url)
    live = await stack.client.delete("/v1/generations/1")
    assert (live.status_code, live.json()["type"]) == (409, "/problems/generation-live")
    view = (await activate(stack, other)).json()
    held = await stack.client.delete(f"/v1/generations/{other}")
    assert (held.status_code, held.json()["replay"]) == (409, view["id"])
    await replays.claim(UUID(view["id"]), "test/1")
    assert (await stack.client.delete(f"/v1/generations/{other}")).status_code == 409
    await replays.finish(UUID(view["id"]), "failed", reason="it differs")
    assert (await stack.client.get(reading("/v1/events", other))).status_code == 200
    dropped = await stack.client.delete(f"/v1/generations/{other}")
    assert (dropped.status_code, dropped.content) == (204, b"")
    assert (await stack.refusal(reading("/v1/events", other)))["type"] == "/problems/unknown-generation"
    assert (await stack.client.delete(f"/v1/generations/{other}")).status_code == 404
    async with connected_to(stack.services.database_url) as connection:
        assert await connection.fetchval("select to_regnamespace($1)", f"timeline_g{other}") is None


async def test_readers_see_no_gap_when_the_live_generation_is_swapped_and_the_old_one_dropped(engines: Engines) -> None:
    async with timeline_stack(engines) as stack:
        records = [recording(f"event {n}", "2020", ("IN", "CN")) for n in range(5)]
        position = await project(stack, *records)
        page = await stack.get("/v1/timelines/CHN-IND", position, limit=2)
        new = await copy_generation(stack.services.database_url, live=True)
        assert (await stack.client.delete("/v1/generations/1")).status_code == 204
        for path in READS:  # at once, while the service still holds the old one for the live one
            assert (await stack.client.get(path)).status_code == 200, path
        assert (await stack.get("/v1/status"))["generation"] == new
        following = await stack.get("/v1/timelines/CHN-IND", position, limit=2, cursor=page["next"])
        assert [item["title"] for item in following["items"]] == ["event 2", "event 3"]
        await wait_until(lambda: _projects(stack))


async def test_what_is_read_after_a_swap_is_of_the_new_generation_in_every_process(engines: Engines) -> None:
    async with timeline_stack(engines) as stack:
        await project(stack, *(recording(f"event {n}", "2020", ("IN", "CN")) for n in range(5)))
        url = stack.services.database_url
        other = await stack.services.timeline("other")
        new = await copy_generation(url)
        pool = await open_pool(url, most=1)
        generations = PostgresGenerations(pool)
        async with httpx.AsyncClient(base_url=other.url, timeout=30, trust_env=False) as client:
            clients = (stack.client, client)
            for before, after in ((1, new), (new, 1), (1, new)):
                readers = [asyncio.create_task(read_until(each, before, after)) for each in clients for _ in range(3)]
                assert [await generation_read(each) for each in clients] == [before] * 2
                await pool.execute(CUT_LISTENERS)
                assert await generations.swap(after)
                for each in (*clients, *clients):
                    assert await generation_read(each) == after
                assert await asyncio.gather(*readers)
        await close_pool(pool)


#: Nobody is told of a swap.
CUT_LISTENERS: Final = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and application_name = ''
"""


async def generation_read(client: httpx.AsyncClient) -> int:
    """Which generation a read answers from."""
    answer = await client.get("/v1/status")
    assert answer.status_code == 200, answer.text
    return int(answer.json()["generation"])


async def read_until(client: httpx.AsyncClient, before: int, after: int) -> bool:
    """Read until a swap is seen, and a little longer: from then on it is never unseen."""
    while (found := await generation_read(client)) != after:
        assert found == before
    return [await generation_read(client) for _ in range(5)] == [after] * 5


async def activate(stack: TimelineStack, n: int) -> httpx.Response:
    """Ask that a generation become the live one."""
    return await stack.client.post(f"/v1/generations/{n}/activate", json={})


async def _after_now() -> str:
    """An instant after which nothing is recorded yet, once it has passed: Kafka's times are in milliseconds."""
    moment = datetime.now(UTC)
    await wait_until(lambda: (datetime.now(UTC) - moment).total_seconds() > 0.005)
    return format_time(moment)


async def _projects(stack: TimelineStack) -> bool:
    """Whether the projector has gone over to the new generation."""
    position = await stack.append(recording("after the swap", "2021", ("IN", "CN")))
    answer = await stack.client.get("/v1/timelines/IN-CN", headers={"timeline-position": position})
    return answer.status_code == 200
