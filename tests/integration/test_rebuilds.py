"""Rebuilds besides the plain one: of the past, of an older generation, and with code of another shape."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest
from tests.faults.test_projector_faults import busy_log
from tests.support.inputs.log_writing import LogWriter, open_log, recording
from tests.support.running.generations import copy_generation
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.running.replaying import over, replayed, replays_of, verified
from tests.support.waiting import wait_until

from event_schemas.partitions import partitions_of
from event_schemas.records import encode_value, format_time
from timeline_service.code_version import is_newer


async def test_a_generation_of_the_past_reads_as_of_its_end(services: Services) -> None:
    services.migrate()
    await services.projector()
    await services.replayer()
    service = await services.timeline()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(120, 31))
        await projected(services)
        then = await verified(services)
        instant = await last_recorded(services.database_url)
        await log.append(*busy_log(120, 32))
        shown = await projected(services)
    by_instant = await past(services, {"recorded_at": instant})
    by_offsets = await past(services, {"next_offsets": then["next_offsets"]})
    assert by_instant["next_offsets"] == by_offsets["next_offsets"] == then["next_offsets"]
    again = await replayed(services, until={"next_offsets": then["next_offsets"]})
    assert again["result"]["equal"], again
    assert await projected(services) == shown
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=30) as client:
        for path in ("/v1/timelines/IN-CN", "/v1/timelines/US-IN", "/v1/timelines", "/v1/events?country=FR&q=event"):
            answers = [
                (await client.get(path, params={**httpx.URL(path).params, "limit": 200, **asked})).json()
                for asked in ({"as_of": instant}, {"generation": 2}, {"generation": 3})
            ]
            items = [answer["items"] for answer in answers]
            assert items[0] == items[1] == items[2]
            assert items[0]
        assert (await client.delete("/v1/generations/3")).status_code == 204
        assert (await client.get("/v1/timelines/IN-CN?generation=3")).status_code == 404


async def past(services: Services, until: dict[str, Any]) -> dict[str, Any]:
    """The result of a rebuild of the past, which was compared with the live projection at that vector."""
    view = await replayed(services, "rebuild", until=until)
    assert view["state"] == "succeeded", view
    assert view["result"]["equal"], view
    result: dict[str, Any] = view["result"]
    return result


async def last_recorded(url: str) -> str:
    """When the last record was recorded."""
    connection = await asyncpg.connect(url)
    try:
        return format_time(await connection.fetchval("select max(recorded_at) from timeline_g1.checkpoints"))
    finally:
        await connection.close()


async def test_an_older_generation_is_caught_up_compared_and_shown_again(services: Services) -> None:
    services.migrate()
    await services.projector()
    await services.replayer()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(100, 33))
        await projected(services)
        assert (await replayed(services, "rebuild"))["result"]["equal"]
        await log.append(*busy_log(100, 34))
        await projected(services, generation=2)
        view = await replayed(services, "activate", generation=1)
        assert view["state"] == "succeeded", view
        assert view["result"]["equal"], view
        assert view["result"]["generation"] == 1
        await log.append(*busy_log(50, 35))
        await projected(services, generation=1)
        await verified(services)


async def test_an_older_generation_that_was_tampered_with_is_not_shown_again(services: Services) -> None:
    services.migrate()
    await services.projector()
    await services.replayer()
    connection = await asyncpg.connect(services.database_url)
    try:
        async with open_log(services.bootstrap_servers, services.topic) as log:
            await log.append(*busy_log(60, 38))
            await projected(services)
            assert (await replayed(services, "rebuild"))["result"]["equal"]
            await connection.execute("update timeline_g1.revisions set reason = 'planted' where revision = 1")
            view = await replayed(services, "activate", generation=1)
            assert view["state"] == "failed"
            assert "somebody has changed one" in view["reason"]
            assert {item["field"] for item in view["result"]["differences"]} == {"reason"}
            await log.append(*busy_log(30, 39))
            await projected(services, generation=2)
            await verified(services)
            await connection.execute("update timeline.generations set code_version = '0.0.1+old' where n = 1")
            rolled_back = await replayed(services, "activate", generation=1)  # other code has other verdicts
            assert rolled_back["state"] == "succeeded", rolled_back
    finally:
        await connection.close()


async def test_a_rebuild_does_not_pass_the_circuit_breaker(services: Services) -> None:
    services.migrate()
    await services.projector()
    await services.replayer()
    connection = await asyncpg.connect(services.database_url)
    try:
        async with open_log(services.bootstrap_servers, services.topic) as log:
            await log.append(*busy_log(60, 40))
            await projected(services)
            unknown = [recording(f"of a later version, no. {number}") for number in range(900)]
            values = [encode_value(record).replace(b"recorded.v2", b"recorded.v9") for record in unknown]
            pairs = zip(unknown, values, strict=True)
            await asyncio.gather(*(log.append_bytes(record.event_id.encode(), value) for record, value in pairs))

        async def stopped() -> bool:
            return bool(await connection.fetchval("select count(stopped) = 3 from timeline_g1.checkpoints"))

        await wait_until(stopped)
        view = await replayed(services, "rebuild")
        assert view["state"] == "failed"
        assert "more records parked than the live projection" in view["reason"]
        assert await connection.fetchval("select n from timeline.generations where live") == 1
        assert await connection.fetchval("select count(*) from timeline.generations") == 1
    finally:
        await connection.close()


async def test_what_the_live_projection_parks_stops_nobody_who_catches_up(services: Services) -> None:
    services.migrate()
    await services.projector()
    await services.replayer()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*(recording(f"no. {number}") for number in range(900)))
        await projected(services)
        level = await copy_generation(services.database_url)
        await append_unknown(log, 60, partition=0)  # few of the last 200, and all that the other one does not have
        await projected(services)
    view = await replayed(services, "activate", generation=level)
    assert view["state"] == "succeeded", view
    assert view["result"]["equal"], view
    assert view["result"]["explained"]["parked"] == 60
    restarted = await services.projector("another")
    await wait_until(lambda: "projecting" in restarted.log)
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await append_unknown(log, 60, partition=0)  # nor who takes over between
        await projected(services, generation=level)


async def append_unknown(log: LogWriter, count: int, *, partition: int) -> None:
    """Records of a version that is yet to come, in one partition."""
    appended = 0
    while appended < count:
        record = recording("of a later version")
        key = record.event_id.encode()
        if partitions_of([key], 3)[key] == partition:
            await log.append_bytes(key, encode_value(record).replace(b"recorded.v2", b"recorded.v9"))
            appended += 1


async def test_code_of_another_shape_is_deployed_by_a_rebuild(services: Services) -> None:
    services.migrate()
    await services.projector()
    old = await services.timeline("old")
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(100, 36))
        await projected(services)
    for service in services.all:
        await service.terminate()
    await make_foreign(services.database_url)  # from here on all processes are of a newer release
    services.migrate()
    services.migrate()
    projector = await services.projector("new projector")
    await wait_until(lambda: "made by code of another shape" in projector.log)
    await services.replayer()
    async with replays_of(services) as replays:
        (filed,) = await replays.open()
        view = await over(replays, str(filed["id"]))
    assert view["state"] == "succeeded", view
    assert view["result"]["equal"] is None
    await services.timeline("new")
    await projected(services, generation=2)
    await verified(services)
    assert old.pid is None


async def make_foreign(url: str) -> None:
    """Say of the live generation that code of another shape has made it."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("update timeline.generations set shape = 'of an older release' where n = 1")
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [("partition_count = 12", "with 12 partitions"), ("cluster_id = 'another'", "the cluster another")],
)
async def test_another_log_does_not_take_the_place_of_the_live_one(services: Services, change: str, words: str) -> None:
    services.migrate()
    projector = await services.projector()
    await services.replayer()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(30, 37))
        await projected(services)
    await projector.terminate()
    connection = await asyncpg.connect(services.database_url)
    try:
        await connection.execute(f"update timeline_g1.checkpoints set {change}")
        view = await replayed(services, "rebuild")
        assert view["state"] == "failed"
        assert words in view["reason"]
        assert await connection.fetchval("select count(*) from timeline.generations") == 1
        found = await replayed(services)
        assert {(item["table"], item["field"]) for item in found["result"]["differences"]} == {
            ("checkpoints", change.split(maxsplit=1)[0])
        }
    finally:
        await connection.close()


async def test_an_older_release_does_not_project_what_a_newer_one_has_made(services: Services) -> None:
    services.migrate()
    connection = await asyncpg.connect(services.database_url)
    try:
        made = "update timeline.generations set code_version = '99.0.0+abc' where n = 1"
        await connection.execute(made)
        projector = await services.projector()
        await wait_until(lambda: "which is newer than this code" in projector.log)
        assert not await connection.fetchval("select count(*) from timeline_g1.checkpoints")
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("one", "other", "newer"),
    [
        ("0.2.0+a", "0.1.9+b", True),
        ("0.10.0+a", "0.9.0+b", True),
        ("0.1.0+a", "0.1.0+b", False),
        ("0.1.0+a", "0.2.0+a", False),
    ],
)
def test_releases_have_an_order(one: str, other: str, newer: bool) -> None:
    assert is_newer(one, other) is newer
