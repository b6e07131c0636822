"""Replays are asked for, followed and cancelled over HTTP. Here the test itself is the replayer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from tests.support.clients.event_streams import Listener, listening
from tests.support.inputs.log_writing import recording
from tests.support.running.engines import Engines
from tests.support.running.generations import connected_to
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

from timeline_service.adapters.postgres.database import close_pool, open_pool
from timeline_service.adapters.postgres.replays import REPLAYER, PostgresReplays
from timeline_service.domain.replays import PartitionProgress, Progress

FOUND: Final[dict[str, Any]] = {"equal": True, "digest": "ab" * 32, "rows": 3, "tables": [], "differences": []}
INSTANT: Final = "2025-07-01T00:00:00Z"


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A stack with some events, and replays by no one but the tests."""
    async with timeline_stack(engines) as running:
        position = await running.append(*(recording(f"event {number}") for number in range(12)))
        await running.get("/v1/timelines/IN-CN", position)
        yield running


@pytest.fixture
async def replays(stack: TimelineStack) -> AsyncIterator[PostgresReplays]:
    """The table of replays, as the replayer has it; empty at first."""
    pool = await open_pool(stack.services.database_url, most=2)
    await pool.execute("delete from timeline.replays")
    yield PostgresReplays(pool)
    await close_pool(pool)


async def ask(stack: TimelineStack, body: Any) -> httpx.Response:
    """Ask for a replay."""
    return await stack.client.post("/v1/replays", json=body)


async def file(stack: TimelineStack, body: Any) -> dict[str, Any]:
    """The view of a replay that was asked for."""
    answer = await ask(stack, body)
    assert answer.status_code == 202, answer.text
    view: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/replays/{view['id']}"
    return view


async def test_a_verification_is_filed_carried_out_and_shown(stack: TimelineStack, replays: PostgresReplays) -> None:
    view = await file(stack, {"kind": "verify"})
    assert (view["kind"], view["state"], view["progress"]["records"]) == ("verify", "queued", 0)
    path = f"/v1/replays/{view['id']}"
    assert await stack.get(path) == view
    assert await stack.get("/v1/replays") == {"items": [view], "next": None}
    await replays.claim(UUID(view["id"]), "test/1")
    await replays.note_progress(
        UUID(view["id"]), Progress("folding", 10.0, 0.2, {0: PartitionProgress(2, 4, 8)}).view()
    )
    running = await stack.get(path)
    assert (running["state"], running["progress"]["phase"], running["progress"]["total"]) == ("running", "folding", 4)
    assert (await stack.get("/v1/status"))["last_verification"] is None
    assert 'dyadline_open_replays{kind="verify"} 1.0' in (await stack.client.get("/metrics")).text
    await replays.finish(UUID(view["id"]), "succeeded", result=FOUND)
    over = await stack.get(path)
    assert (over["state"], over["result"]) == ("succeeded", FOUND)
    short = (await stack.get("/v1/replays"))["items"][0]["result"]
    assert short == {name: value for name, value in FOUND.items() if name != "differences"}
    told = {"id": view["id"], "equal": True, "digest": FOUND["digest"], "finished_at": over["finished_at"]}
    assert (await stack.get("/v1/status"))["last_verification"] == told
    assert 'dyadline_open_replays{kind="verify"} 0.0' in (await stack.client.get("/metrics")).text


async def test_a_status_names_the_replayers(stack: TimelineStack) -> None:
    assert (await stack.get("/v1/status"))["replayers"] == []
    name = {"application_name": f"{REPLAYER}4711@host"}
    connection = await asyncpg.connect(stack.services.database_url, server_settings=name)
    assert (await stack.get("/v1/status"))["replayers"] == ["host/4711"]
    await connection.close()


async def test_an_end_is_taken_in_every_way_in_which_it_can_be_said(
    stack: TimelineStack, replays: PostgresReplays
) -> None:
    ends = [item["log_end"] for item in (await stack.get("/v1/status"))["partitions"]]
    named = {str(partition): end for partition, end in enumerate(ends)}
    for until, kept in [
        ({"next_offsets": named}, {"next_offsets": named}),
        ({"next_offsets": [0] * len(ends)}, {"next_offsets": dict.fromkeys(named, 0)}),
        ({"recorded_at": "2025-07-01t02:00:00+02:00"}, {"recorded_at": "2025-07-01T00:00:00.000000Z"}),
    ]:
        view = await file(stack, {"kind": "verify", "until": until})
        assert view["until"] == kept
        row = await replays.replay(view["id"])
        assert row is not None
        assert row["until"] == kept


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ([], [""]),
        ({}, ["/kind"]),
        ({"kind": "activate"}, ["/kind"]),
        ({"kind": ["verify"], "a/b": 1}, ["/a~1b", "/kind"]),
        ({"kind": "verify", "until": None}, ["/until"]),
        ({"kind": "verify", "until": {}}, ["/until"]),
        ({"kind": "verify", "until": {"next_offsets": [0, 0, 0], "recorded_at": INSTANT}}, ["/until"]),
        ({"kind": "verify", "until": {"recorded_at": INSTANT, "at": 1}}, ["/until/at"]),
        ({"kind": "verify", "until": {"recorded_at": "2025"}}, ["/until/recorded_at"]),
        ({"kind": "verify", "until": {"recorded_at": 2025}}, ["/until/recorded_at"]),
        ({"kind": "verify", "until": {"recorded_at": "2999-01-01T00:00:00Z"}}, ["/until/recorded_at"]),
        ({"kind": "verify", "until": {"next_offsets": "0"}}, ["/until/next_offsets"]),
        ({"kind": "verify", "until": {"next_offsets": {"0": 0, "2": 0}}}, ["/until/next_offsets"]),
        ({"kind": "verify", "until": {"next_offsets": [0, 0, 0, 0]}}, ["/until/next_offsets/3"]),
        ({"kind": "verify", "until": {"next_offsets": {"0": 0, "1": 0, "2": 0, "02": 0}}}, ["/until/next_offsets/02"]),
        ({"kind": "verify", "until": {"next_offsets": [0, 10**6, 0]}}, ["/until/next_offsets/1"]),
        ({"kind": "verify", "until": {"next_offsets": [0, 0, -1]}}, ["/until/next_offsets/2"]),
        ({"kind": "verify", "until": {"next_offsets": [True, 0.0, 0]}}, [f"/until/next_offsets/{n}" for n in (0, 1)]),
    ],
    ids=str,
)  # fmt: skip
async def test_what_cannot_be_is_refused_with_what_was_expected(
    stack: TimelineStack, replays: PostgresReplays, body: Any, pointers: list[str]
) -> None:
    answer = await ask(stack, body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-replay")
    assert sorted(item["pointer"] for item in answer.json()["errors"]) == sorted(pointers)
    assert await replays.open() == []


@pytest.mark.parametrize(
    ("content", "media_type", "status", "slug"),
    [
        (b"{", "application/json", 400, "unreadable"),
        (b'{"kind": "verify", "kind": "rebuild"}', "application/json", 400, "unreadable"),
        (b'{"kind": "verify"}', "text/plain", 415, "unsupported-media-type"),
        (b" " * 70_000, "application/json", 413, "too-large"),
    ],
    ids=["cut", "twice", "text", "large"],
)
async def test_a_body_that_cannot_be_read_is_refused(
    stack: TimelineStack, content: bytes, media_type: str, status: int, slug: str
) -> None:
    answer = await stack.client.post("/v1/replays", content=content, headers={"content-type": media_type})
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")


async def test_one_rebuild_at_a_time_and_verifications_beside_it(
    stack: TimelineStack, replays: PostgresReplays
) -> None:
    first = await file(stack, {"kind": "rebuild"})
    second = await ask(stack, {"kind": "rebuild", "until": {"recorded_at": INSTANT}})
    assert (second.status_code, second.json()["type"]) == (409, "/problems/replay-running")
    assert second.json()["replay"] == first["id"]
    assert first["id"] in second.json()["detail"]
    await file(stack, {"kind": "verify"})
    await replays.claim(UUID(first["id"]), "test/1")
    assert (await ask(stack, {"kind": "rebuild"})).status_code == 409
    await replays.finish(UUID(first["id"]), "failed", reason="the disk is full")
    failed = await stack.get(f"/v1/replays/{first['id']}")
    assert (failed["state"], failed["reason"]) == ("failed", "the disk is full")
    await file(stack, {"kind": "rebuild"})


async def test_a_replay_is_cancelled_once(stack: TimelineStack, replays: PostgresReplays) -> None:
    waiting, runs = await file(stack, {"kind": "verify"}), await file(stack, {"kind": "rebuild"})
    await replays.claim(UUID(runs["id"]), "test/1")
    answers = [await stack.client.delete(f"/v1/replays/{view['id']}") for view in (waiting, runs)]
    assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [
        (202, "cancelled"),
        (202, "running"),
    ]
    assert await replays.cancelling(UUID(runs["id"]))
    await replays.finish(UUID(runs["id"]), "cancelled")
    for view in (waiting, runs):
        again = await stack.client.delete(f"/v1/replays/{view['id']}")
        assert (again.status_code, again.json()["type"]) == (409, "/problems/replay-over")


async def test_an_unknown_replay_is_not_there(stack: TimelineStack) -> None:
    for path in (f"/v1/replays/{uuid4()}", f"/v1/replays/{uuid4()}/progress"):
        assert (await stack.refusal(path))["type"] == "/problems/unknown-replay"
    gone = await stack.client.delete(f"/v1/replays/{uuid4()}")
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/unknown-replay")
    assert (await stack.refusal("/v1/replays/latest"))["errors"][0]["pointer"] == "/replay_id"


async def test_replays_come_in_pages_the_newest_first(stack: TimelineStack, replays: PostgresReplays) -> None:
    ids = [(await file(stack, {"kind": "verify"}))["id"] for _ in range(5)]
    page = await stack.get("/v1/replays", limit=2)
    listed = page["items"]
    await file(stack, {"kind": "verify"})
    while page["next"]:
        page = await stack.get("/v1/replays", limit=2, cursor=page["next"])
        listed += page["items"]
    assert [item["id"] for item in listed] == ids[::-1]
    assert len(await replays.open()) == 6


async def test_answers_about_replays_wait_for_positions_and_have_tags(
    stack: TimelineStack, replays: PostgresReplays
) -> None:
    position = await stack.append(recording("one more"))
    view = await file(stack, {"kind": "verify"})
    for path in ("/v1/replays", f"/v1/replays/{view['id']}", "/v1/generations"):
        answer = await stack.client.get(path, headers={"timeline-position": position})
        assert position in answer.headers["timeline-position"]
        known = await stack.client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert known.status_code == 304
        assert (await stack.refusal(path, **{"timeline-position": "9:0"}))["status"] == 400
    await replays.cancel(view["id"])
    changed = await stack.client.get("/v1/replays", headers={"if-none-match": answer.headers["etag"]})
    assert changed.status_code == 200


async def test_replays_are_shown_and_filed_while_there_is_nothing_to_read(
    stack: TimelineStack, replays: PostgresReplays
) -> None:
    view = await file(stack, {"kind": "verify"})
    async with connected_to(stack.services.database_url) as connection:
        await connection.execute("update timeline.generations set shape = 'made by newer code' || shape")
        try:
            await wait_until(lambda: _is_away(stack, "/v1/events"))
            assert await stack.get(f"/v1/replays/{view['id']}") == view
            assert [item["n"] for item in (await stack.get("/v1/generations"))["items"]] == [1]
            assert await _is_away(stack, "/v1/replays?min_position=0:0")
            await file(stack, {"kind": "rebuild", "until": {"next_offsets": [0, 0, 0]}})
        finally:
            await connection.execute("update timeline.generations set shape = replace(shape, 'made by newer code', '')")
        await wait_until(lambda: _reads(stack))


async def test_progress_is_told_as_it_changes_up_to_the_end(stack: TimelineStack, replays: PostgresReplays) -> None:
    view = await file(stack, {"kind": "verify"})
    replay_id, path = UUID(view["id"]), f"/v1/replays/{view['id']}/progress"
    async with listening(stack.client, path) as listener, listening(stack.client, path) as other:
        (first,) = await listener.heard(1)
        assert (first.name, first.data) == ("progress", view)
        await other.heard(1)
        await replays.claim(replay_id, "test/1")
        for records in (1, 2, 3):
            progress = Progress("folding", None, None, {0: PartitionProgress(records, 3)}).view()
            await replays.note_progress(replay_id, progress)
            await wait_until(partial(_last_progress, listener, progress))
        await file(stack, {"kind": "verify"})  # which is no news of this one
        await replays.finish(replay_id, "succeeded", result=FOUND)
        await wait_until(lambda: listener.ended and other.ended)
        states = [(told.name, told.data["state"]) for told in listener.events]
        assert states[-1] == ("done", "succeeded")
        assert {name for name, _ in states[:-1]} == {"progress"}
        assert all(one.data != two.data for one, two in zip(listener.events, listener.events[1:], strict=False))
    over = await stack.client.get(path)
    assert over.text.count("event: done\n") == 1
    assert (await stack.client.head(path)).headers["content-type"].startswith("text/event-stream")


async def test_progress_waits_for_what_is_away_and_needs_no_bell(
    stack: TimelineStack, replays: PostgresReplays
) -> None:
    view = await file(stack, {"kind": "verify"})
    async with (
        listening(stack.client, f"/v1/replays/{view['id']}/progress") as listener,
        connected_to(stack.services.database_url) as connection,
    ):
        await listener.heard(1)
        await connection.execute("alter table timeline.replays rename to replays_away")
        try:
            refused = await stack.client.get(f"/v1/replays/{view['id']}")
            assert refused.status_code == 503
        finally:
            await connection.execute("alter table timeline.replays_away rename to replays")
        await connection.execute(
            "update timeline.replays set state = 'failed', reason = 'not notified' where id = $1", view["id"]
        )
        await wait_until(lambda: listener.ended)
        assert (listener.events[-1].name, listener.events[-1].data["reason"]) == ("done", "not notified")


async def test_a_service_that_stops_ends_the_streams_of_progress(
    stack: TimelineStack, replays: PostgresReplays
) -> None:
    service = await stack.services.timeline("timeline-stopping", TIMELINE_HEARTBEAT_SECONDS="0.1")
    view = await file(stack, {"kind": "verify"})
    async with (
        httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client,
        listening(client, f"/v1/replays/{view['id']}/progress") as listener,
    ):
        await wait_until(lambda: listener.comments > 2)
        await asyncio.wait_for(service.terminate(), 10)
        await wait_until(lambda: listener.ended)
        assert [told.name for told in listener.events] == ["progress"]


async def test_an_instant_that_has_just_passed_is_taken(stack: TimelineStack, replays: PostgresReplays) -> None:
    just_now = datetime.now(UTC) - timedelta(milliseconds=1)
    view = await file(stack, {"kind": "rebuild", "until": {"recorded_at": just_now.isoformat()}})
    row = await replays.replay(view["id"])
    assert row is not None
    assert datetime.fromisoformat(row["until"]["recorded_at"]) == just_now


def _last_progress(listener: Listener, progress: Any) -> bool:
    return bool(listener.events[-1].data["progress"] == progress)


async def _is_away(stack: TimelineStack, path: str) -> bool:
    return (await stack.client.get(path)).status_code == 503


async def _reads(stack: TimelineStack) -> bool:
    return not await _is_away(stack, "/v1/events")
