"""Listeners when things go wrong: slow and stuck ones, a database or a generation that goes away, the service's end."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx
import psutil
import pytest
from tests.support.clients.event_streams import Listener, listening
from tests.support.inputs.log_writing import correcting, open_log, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.processes import Service, Services
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

from event_schemas.records import encode_value

LIVE: Final = "/v1/timelines/IN-CN/live"
LARGE: Final[dict[str, Any]] = {
    "attributes": {"words": "x" * 16_000},
    "summary": "é" * 10_000,
    "actors": [{"name": "ü" * 300}] * 40,
}
QUICK: Final = {"TIMELINE_HEARTBEAT_SECONDS": "0.2", "TIMELINE_SLOW_SECONDS": "1"}


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A projector and a timeline service of this module's own."""
    async with timeline_stack(engines) as running:
        yield running


@pytest.fixture
async def service(stack: TimelineStack) -> AsyncIterator[Service]:
    """A service of the test's own, with short times, on the shared projection."""
    running = await stack.services.timeline(f"timeline-{uuid4().hex[:8]}", **QUICK)
    yield running
    await running.terminate()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that service."""
    async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client:
        yield client


async def append(stack: TimelineStack, title: str = "a ban", *countries: str) -> str:
    """Append an event; returns its position."""
    (position,) = await stack.log.append(recording(title, countries=countries or ("IN", "CN")))
    return position


def connect(service: Service, path: str) -> socket.socket:
    """A connection with a small buffer, on which a stream was asked for and nothing is read."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", httpx.URL(service.url).port or 0))
    raw.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return raw


async def test_verdicts_say_what_was_tried_and_of_strangers_only_the_whole_stream_hears(stack: TimelineStack) -> None:
    async with (
        listening(stack.client, "/v1/live") as everything,
        listening(stack.client, LIVE) as pair,
        listening(stack.client, "/v1/live?country=India") as country,
    ):
        malformed = await stack.log.append_bytes(b"key", b"garbage")
        known = recording("known")
        first, unknown, stale, same = await stack.log.append(
            known,
            retracting(str(uuid4())),
            correcting(known.event_id, "two", expected_revision=7),
            correcting(known.event_id, "known"),
        )
        to_come = encode_value(retracting(known.event_id)).replace(b"retracted.v2", b"retracted.v9")
        parked = await stack.log.append_bytes(known.event_id.encode(), to_come)
        (behind,) = await stack.log.append(retracting(known.event_id))
        for position in (malformed, unknown, behind):
            await everything.at(position)
        shapes = {
            told.data["position"]: (told.name, *(told.data.get(key) for key in ("action", "revision", "problem")))
            for told in everything.events
        }
        assert shapes == {
            first: ("applied", "recorded", 1, None),
            stale: ("rejected", "corrected", 1, "stale-revision"),
            same: ("rejected", "corrected", 1, "no-change"),
            malformed: ("rejected", None, None, "malformed"),
            unknown: ("rejected", "retracted", None, "unknown-event"),
            parked: ("parked", None, None, "unknown-version"),
            behind: ("parked", "retracted", None, "behind-parked"),
        }
        for listener in (pair, country):
            await listener.at(behind)
            assert [told.data["position"] for told in listener.events] == [first, stale, same, parked, behind]


async def test_a_directed_event_is_heard_in_its_own_pairs_only(stack: TimelineStack) -> None:
    async with (
        listening(stack.client, LIVE) as acted,
        listening(stack.client, "/v1/timelines/CN-US/live") as bystanders,
        listening(stack.client, "/v1/live?country=US") as country,
    ):
        (ban,) = await stack.log.append(recording("ban", countries=["IN", "CN", "US"], initiators=["IN"]))
        talks = await append(stack, "talks", "CN", "US")
        await acted.at(ban)
        await country.at(ban)
        await bystanders.at(talks)
        assert [told.data["position"] for told in bystanders.events] == [talks]


async def test_an_event_that_comes_while_another_is_read_is_told_too(stack: TimelineStack) -> None:
    async with listening(stack.client, LIVE) as listener:
        for number in range(60):  # the second comes while the first is being read
            await append(stack)
            await asyncio.sleep(0.002 * (number % 15))
            last = await append(stack)
            await listener.at(last)


async def test_heartbeats_come_while_others_are_busy(stack: TimelineStack, client: httpx.AsyncClient) -> None:
    async with listening(client, LIVE) as listener:
        while listener.comments < 5:
            await append(stack, "busy", "FR", "DE")
        assert listener.events == []


async def test_a_slow_listener_gets_no_more_than_buffers_hold_and_resumes_where_it_was(
    stack: TimelineStack, service: Service, client: httpx.AsyncClient
) -> None:
    assert service.pid is not None
    path = "/v1/live?country=MX"
    async with listening(client, path) as other:
        memory = psutil.Process(service.pid).memory_info().rss
        with contextlib.closing(connect(service, path)) as slow:
            sent: list[str] = []
            for _ in range(20):  # 24 MB: more than the buffers of both kernels hold, and more than the ring
                words = [os.urandom(4).hex() for _ in range(20)]
                sent += await stack.log.append(*(recording(each, countries=["MX", "BR"], **LARGE) for each in words))
            await other.heard(len(sent), 60)
            await wait_until(lambda: "slow listener dropped" in service.log)
            grown = psutil.Process(service.pid).memory_info().rss - memory
            assert grown < 150_000_000, f"{grown:,} bytes"
            answer = await asyncio.to_thread(read_all, slow)
    got, ended = body_of(answer)
    assert not ended
    resumed = Listener()
    for line in got.decode("utf-8", "ignore").split("\n"):
        resumed.take(line)
    already = len(resumed.events)
    assert 0 < already < len(sent)
    async with listening(client, path, resumed.last_id) as rest:
        await rest.heard(len(sent) - already)
        heard = [told.data["position"] for told in (*resumed.events, *rest.events)]
    assert sorted(heard) == sorted(sent)
    assert "Traceback" not in service.log
    assert "without completing" not in service.log


def read_all(raw: socket.socket) -> bytes:
    """What comes until the other side ends the connection."""
    pieces = []
    with contextlib.suppress(ConnectionResetError):
        while piece := raw.recv(65_536):
            pieces.append(piece)
    return b"".join(pieces)


def body_of(answer: bytes) -> tuple[bytes, bool]:
    """The body of an answer in chunks (RFC 9112, 7.1), and whether it has come to its end."""
    body: list[bytes] = []
    at = answer.index(b"\r\n\r\n") + 4
    while (end := answer.find(b"\r\n", at)) >= 0:
        size = int(answer[at:end], 16)
        if size == 0:
            return b"".join(body), True
        body.append(answer[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
    return b"".join(body), False


async def test_a_client_that_goes_is_forgotten_at_once(service: Service, client: httpx.AsyncClient) -> None:
    async with listening(client, LIVE), listening(client, "/v1/live"):
        assert await listeners(client) == 2
    await wait_until(lambda: _nobody_listens(client), timeout=3)
    assert "Traceback" not in service.log


async def listeners(client: httpx.AsyncClient) -> int:
    """How many listen, by the service's metrics."""
    lines = (await client.get("/metrics")).text.splitlines()
    return int(float(next(line.split()[-1] for line in lines if line.startswith("dyadline_live_listeners "))))


async def _nobody_listens(client: httpx.AsyncClient) -> bool:
    return await listeners(client) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_end_of_the_service_waits_for_no_listener_not_even_a_stuck_one(
    stack: TimelineStack, number: signal.Signals
) -> None:
    patient = {"TIMELINE_SLOW_SECONDS": "60"}
    service = await stack.services.timeline(f"timeline-{number.name}", **patient)
    async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client:
        with contextlib.closing(connect(service, "/v1/live")):
            async with listening(client, LIVE) as listener:
                for _ in range(10):
                    words = [os.urandom(4).hex() for _ in range(20)]
                    await stack.log.append(*(recording(each, countries=["FR", "DE"], **LARGE) for each in words))
                position = await append(stack)
                await listener.at(position)
                service.signal(number)
                await wait_until(lambda: listener.ended)
                await service.ended()
    assert "Traceback" not in service.log
    assert "Aborted" not in service.log
    assert "graceful shutdown exceeded" not in service.log
    meanwhile = await append(stack, "meanwhile")
    async with listening(stack.client, LIVE, listener.last_id) as resumed:
        await resumed.at(meanwhile)
        assert [told.data["position"] for told in resumed.events] == [meanwhile]


async def test_streams_outlive_the_absence_of_the_database(
    engines: Engines, stack: TimelineStack, client: httpx.AsyncClient
) -> None:
    database = stack.services.database_url.rpartition("/")[2]
    away = f"{database}_away"
    connection = await asyncpg.connect(engines.database_url)
    try:
        async with listening(client, LIVE) as listener, listening(client, LIVE) as cut:
            first = await append(stack, "first")
            await listener.at(first)
            last_id = (await cut.at(first)).id
            await wait_until(partial(rename, connection, database, away), ignore=(asyncpg.ObjectInUseError,))
            second = await append(stack, "second")
            comments = listener.comments
            await wait_until(lambda: listener.comments > comments + 3)
            refused = await client.get(LIVE, headers={"last-event-id": last_id})
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            await rename(connection, away, database)
            await listener.at(second)
            assert [told.data["event"]["title"] for told in listener.events] == ["first", "second"]
        async with listening(client, LIVE, last_id) as resumed:
            await resumed.at(second)
            assert len(resumed.events) == 1
    finally:
        if await connection.fetchval("select count(*) from pg_database where datname = $1", away):
            await rename(connection, away, database)
        await connection.close()


async def rename(connection: "asyncpg.Connection[asyncpg.Record]", name: str, other: str) -> bool:
    """Give a database another name, whoever is connected: under the old one it is away."""
    await connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
    await connection.execute(f"alter database {name} rename to {other}")
    return True


async def test_streams_go_on_in_another_generation(services: Services) -> None:
    services.migrate()
    service = await services.timeline(**QUICK)
    projector = await services.projector()
    connection = await asyncpg.connect(services.database_url)
    try:
        async with (
            httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client,
            open_log(services.bootstrap_servers, services.topic) as log,
            listening(client, LIVE) as listener,
        ):
            (first,) = await log.append(recording("first"))
            await listener.at(first)
            await projector.terminate()
            # A rebuild swaps the pointer and drops the old schema; here the new one is the old one by another name.
            await connection.execute("alter schema timeline_g1 rename to timeline_g2")
            comments = listener.comments
            await wait_until(lambda: listener.comments > comments + 8)
            await connection.execute("update timeline.generations set n = 2")
            projector.start()
            (second,) = await log.append(recording("second"))
            await listener.at(second)
            assert len(listener.events) == 2
    finally:
        await connection.close()


async def test_a_stream_opened_before_the_first_projector_hears_the_first_record(services: Services) -> None:
    services.migrate()
    service = await services.timeline()
    async with (
        httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=30) as client,
        listening(client, LIVE) as listener,
        open_log(services.bootstrap_servers, services.topic) as log,
    ):
        assert listener.last_id == ""
        await services.projector()
        (position,) = await log.append(recording("the first"))
        told = await listener.at(position)
        assert told.id == position
