"""What today's code cannot judge waits, with all later records of its event, until newer code or somebody asks."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaProducer
from tests.support.clients.event_streams import listening
from tests.support.inputs.log_writing import LogWriter, correcting, open_log, recording, retracting
from tests.support.running.processes import Services
from tests.support.running.projecting import projecting
from tests.support.running.projections import projected
from tests.support.waiting import wait_until

from event_schemas.partitions import partitions_of
from event_schemas.positions import parse_position
from event_schemas.records import HEADERS, Record, encode_value, format_time
from timeline_service.judge import batch
from timeline_service.judge.fold import History, RecordPosition, Verdict, apply

_WAITING: Final = """
    select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"""
_JUDGE: Final = """
    insert into timeline_g1.revisions (
        event_id, revision, partition, from_offset, action, record_id, principal, accepted_at, recorded_at,
        first_accepted_at, first_recorded_at, content
    )
    select $1, 1, $2, $3, action, record_id, principal, accepted_at, recorded_at, first_accepted_at, first_recorded_at,
        content
    from timeline_g1.revisions limit 1"""


class Code:
    """Code that fails on some titles."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fails_on: set[str] = set()
        monkeypatch.setattr(batch, "apply", self._apply)

    def _apply(self, history: History | None, record: Record, place: RecordPosition) -> tuple[History | None, Verdict]:
        if record.event is not None and record.event_json["title"] in self.fails_on:
            raise ZeroDivisionError("a bug")
        return apply(history, record, place)


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> Code:
    """The code of the projectors that run in this process."""
    return Code(monkeypatch)


@pytest.fixture
async def api(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a timeline service on the test's database."""
    services.migrate()
    service = await services.timeline()
    async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
async def log(services: Services) -> AsyncIterator[LogWriter]:
    """A writer to the test's topic."""
    async with open_log(services.bootstrap_servers, services.topic) as writer:
        yield writer


async def outcome(api: httpx.AsyncClient, position: str) -> dict[str, Any]:
    """The record's outcome, once there is one."""
    answer = await api.get(f"/v1/records/{position}", params={"wait": 20})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def loads(api: httpx.AsyncClient) -> dict[str, tuple[int, ...]]:
    """What became of each load's records."""
    items = (await api.get("/v1/batches")).json()["items"]
    assert all(item["records"] == sum(item["outcomes"].values()) for item in items)
    return {item["name"]: tuple(item["outcomes"].values()) for item in items}


async def test_newer_code_judges_what_was_parked_in_order_and_as_a_replay_would(
    services: Services, api: httpx.AsyncClient, log: LogWriter, code: Code
) -> None:
    code.fails_on = {"a hard one"}
    hard, easy = recording("a hard one"), recording("an easy one")
    load = (hard, correcting(hard.event_id, "mended"), retracting(hard.event_id), easy)
    positions = await log.append(*(record._replace(batch="feed-1") for record in load))
    more = await log.append(
        hard._replace(batch="feed-1"),
        correcting(hard.event_id, "again", countries=["IN", "PK"])._replace(batch="feed-2"),
    )
    async with projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="1"):
        assert [(await outcome(api, each))["outcome"] for each in positions] == ["parked"] * 3 + ["applied"]
        assert [(await outcome(api, each))["outcome"] for each in more] == ["parked", "parked"]
        listed = (await api.get("/v1/parked")).json()["items"]
        reasons = {item["position"]: (item["reason"], item["code_version"]) for item in listed}
        assert reasons[positions[0]] == ("failed", "1")
        assert reasons[positions[1]] == ("behind-parked", "1")
        assert "ZeroDivisionError: a bug" in next(i for i in listed if i["position"] == positions[0])["detail"]
        records = (await api.get("/v1/status")).json()["records"]
        assert records == {"total": 6, "applied": 1, "duplicate": 0, "rejected": 0, "parked": 5}
        assert await loads(api) == {"feed-1": (1, 0, 0, 4), "feed-2": (0, 0, 0, 1)}
    code.fails_on = set()
    async with projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="2"):
        await wait_until(lambda: _nothing_parked(api))
        outcomes = [(await outcome(api, each))["outcome"] for each in (*positions, *more)]
        assert outcomes == ["applied"] * 4 + ["duplicate", "applied"]
        assert await loads(api) == {"feed-1": (4, 1, 0, 0), "feed-2": (1, 0, 0, 0)}
        await projected(services)  # what a replay from the start by the newer code gives


async def test_a_redrive_is_carried_out_by_the_projector_and_may_fail_again(
    services: Services, api: httpx.AsyncClient, log: LogWriter, code: Code
) -> None:
    code.fails_on = {"a hard one"}
    hard = recording("a hard one")
    load = (hard, correcting(hard.event_id, "mended"), recording("an easy one"))
    first, second, _ = await log.append(*(record._replace(batch="feed-1") for record in load))
    async with projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="1"):
        assert (await outcome(api, second))["outcome"] == "parked"
        await redrive(api, second)
        await wait_until(lambda: _settled(api))
        assert (await outcome(api, first))["outcome"] == "parked"  # it failed again, and stays
        assert await loads(api) == {"feed-1": (1, 0, 0, 2)}
        code.fails_on = set()
        await redrive(api, first)
        await wait_until(lambda: _nothing_parked(api))
        assert (await outcome(api, second))["revision"] == 2
        await projected(services)
    missing = await api.post(f"/v1/parked/{first}/redrive", json={})
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/not-parked")
    wrong = await api.post(f"/v1/parked/{first}/redrive", content=b"{}", headers={"content-type": "text/plain"})
    assert wrong.status_code == 415


async def test_who_listens_is_told_of_a_redrive_once_and_resumes_from_every_id(
    services: Services, api: httpx.AsyncClient, log: LogWriter, code: Code
) -> None:
    code.fails_on = {"a hard one"}
    hard = recording("a hard one")
    records = [recording("before"), hard, correcting(hard.event_id, "mended"), recording("between")]
    path = "/v1/timelines/CHN-IND/live"
    run = projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="1")
    async with run, listening(api, "/v1/live") as everything:
        before, *parked, between = [(await log.append(record))[0] for record in records]
        assert {each: (await everything.at(each)).name for each in parked} == dict.fromkeys(parked, "parked")
        await everything.heard(4)
        told = list(everything.events)
    code.fails_on = set()
    run = projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="2")
    async with run, listening(api, "/v1/live", told[-1].id) as everything, listening(api, path, told[-1].id) as pair:
        redriven = list(await everything.heard(2))
        assert [(item.data["position"], item.short) for item in redriven] == [
            (parked[0], ("applied", "recorded", 1)),
            (parked[1], ("applied", "corrected", 2)),
        ]
        assert redriven[1].data["event"]["title"] == "mended"
        assert [item.data for item in await pair.heard(2)] == [item.data for item in redriven]
        (last,) = await log.append(recording("after"))
        told += [*redriven, await everything.at(last)]
        now = {each: (await outcome(api, each))["outcome"] for each in (before, *parked, between)}
        assert now == dict.fromkeys(now, "applied")
        markers: list[str] = []
        for number, seen in enumerate(told):
            # What it has not heard at all it hears once, as it is now; of what it knows as parked it is told.
            rest = {item.data["position"] for item in told[number + 1 :]}
            async with listening(api, "/v1/live", seen.id) as again:
                (marker,) = await log.append(recording(f"marker {number}"))
                await again.at(marker)
                heard = [item.data["position"] for item in again.events]
                assert sorted(heard) == sorted([*rest, *markers, marker]), seen.id
                assert all(item.name == "applied" for item in again.events)
                markers.append(marker)
        position = await api.get("/v1/timelines/CHN-IND", headers={"timeline-position": told[-1].id})
        assert position.status_code == 200
        assert (await api.get("/v1/live", headers={"last-event-id": "0:0;x"})).status_code == 400


async def test_a_record_that_is_judged_while_it_is_asked_for_is_there(
    services: Services, api: httpx.AsyncClient, log: LogWriter, code: Code
) -> None:
    code.fails_on = {"a hard one"}
    hard = recording("a hard one")
    position, other = await log.append(hard, recording("an easy one"))
    async with projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="1"):
        assert (await outcome(api, other))["outcome"] == "applied"
        assert (await outcome(api, position))["outcome"] == "parked"
    connection = await asyncpg.connect(services.database_url)
    beside = await asyncpg.connect(services.database_url)
    try:
        async with connection.transaction():  # what a redrive does, at the worst moment
            await connection.execute("lock table timeline_g1.outcomes in access exclusive mode")
            asking = asyncio.create_task(api.get(f"/v1/records/{position}"))
            await wait_until(lambda: beside.fetchval(_WAITING))
            await connection.execute(_JUDGE, hard.event_id, *parse_position(position))
            await connection.execute("delete from timeline_g1.outcomes where outcome = 'parked'")
        answer = await asking
        assert (answer.status_code, answer.json().get("outcome")) == (200, "applied"), answer.text
    finally:
        await connection.close()
        await beside.close()


async def test_a_partition_stops_when_nearly_everything_would_park_and_others_go_on(
    services: Services, api: httpx.AsyncClient, log: LogWriter, code: Code
) -> None:
    code.fails_on = {"a hard one"}
    stuck = recording("a hard one")
    (position,) = await log.append(stuck)
    others = [recording("an easy one") for _ in range(30)]
    await log.append(*others)
    for number in range(8):  # one after the other: no single batch tells that nearly all of them fail
        await log.append(*(correcting(stuck.event_id, f"behind {number}") for _ in range(2)))
    hard = [recording("a hard one", event_id=id_in(position, number)) for number in range(400)]
    run = projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="1")
    async with run as task:
        for start in range(0, len(hard), 10):
            await log.append(*hard[start : start + 10])
        partition = int(position.partition(":")[0])
        status = await wait_until(lambda: _stopped(api, partition), timeout=60)
        assert "ZeroDivisionError: a bug" in status["partitions"][partition]["stopped"]
        assert status["partitions"][partition]["lag"] > 0
        assert status["records"]["parked"] < 300
        assert [item["stopped"] for item in status["partitions"]].count(None) == 2
        for each in await log.append(*(recording("after it") for _ in range(10))):
            if not each.startswith(f"{partition}:"):
                assert (await outcome(api, each))["outcome"] == "applied"
        assert not task.done()
    code.fails_on = set()
    async with projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="2"):
        await wait_until(lambda: _nothing_parked(api))
        await projected(services)


async def test_the_marker_of_a_transaction_is_no_lag(services: Services, api: httpx.AsyncClient) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=services.bootstrap_servers, transactional_id=services.topic)
    await producer.start()
    async with producer.transaction():
        record = recording("in a transaction")
        await producer.send_and_wait(
            services.topic, encode_value(record), key=record.event_id.encode(), headers=list(HEADERS)
        )
    await producer.stop()
    async with projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="1"):
        status = await wait_until(lambda: _level(api))
        assert status["records"]["total"] == 1
    answer = await api.get("/v1/timelines/IN-CN", params={"as_of": format_time(datetime.now(UTC))})
    assert [item["title"] for item in answer.json()["items"]] == ["in a transaction"]
    async with projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="1"):
        async with open_log(services.bootstrap_servers, services.topic) as log:
            (position,) = await log.append(recording("behind the marker", event_id=record.event_id))
        assert (await outcome(api, position))["problem"] == "conflict"


def id_in(position: str, number: int) -> str:
    """An event id whose key belongs in the same partition as a position."""
    partition = int(position.partition(":")[0])
    for attempt in itertools.count():
        event_id = str(uuid5(NAMESPACE_URL, f"{number} {attempt}"))
        if partitions_of([event_id.encode()], 3)[event_id.encode()] == partition:
            return event_id
    raise AssertionError


async def redrive(api: httpx.AsyncClient, position: str) -> None:
    """Ask that a record be judged again."""
    answer = await api.post(f"/v1/parked/{position}/redrive", json={})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/records/{position}"


async def _nothing_parked(api: httpx.AsyncClient) -> bool:
    return not (await api.get("/v1/parked")).json()["items"]


async def _settled(api: httpx.AsyncClient) -> bool:
    return not any(item["redriving"] for item in (await api.get("/v1/parked")).json()["items"])


async def _stopped(api: httpx.AsyncClient, partition: int) -> dict[str, Any] | None:
    status: dict[str, Any] = (await api.get("/v1/status")).json()
    return status if status["partitions"] and status["partitions"][partition]["stopped"] else None


async def _level(api: httpx.AsyncClient) -> dict[str, Any] | None:
    status: dict[str, Any] = (await api.get("/v1/status")).json()
    return status if status["lag"] == 0 else None
