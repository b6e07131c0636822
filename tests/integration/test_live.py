"""The live feed: what is projected is told once, in order, to whoever listens or comes back."""

import asyncio
import random
import resource
import shutil
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
from tests.support.clients.event_streams import Listener, Told, listening
from tests.support.inputs.log_writing import correcting, read_log, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.processes import Service
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

from event_schemas.positions import format_positions, parse_position
from event_schemas.records import Record

PAIR = "/v1/timelines/CHN-IND/live"


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A projector and a timeline service of this module's own."""
    async with timeline_stack(engines) as running:
        yield running


@pytest.fixture(scope="module")
async def lively(stack: TimelineStack) -> Service:
    """One more service, which shows signs of life often and has little patience."""
    often = {"TIMELINE_HEARTBEAT_SECONDS": "0.2", "TIMELINE_SLOW_SECONDS": "0.5"}
    return await stack.services.timeline("lively", **often)


async def test_a_pair_is_told_all_that_happens_to_its_events(stack: TimelineStack) -> None:
    event = recording("ban", "2020", ["IN", "CN"], initiators=["IN"])
    async with listening(stack.client, PAIR) as pair, listening(stack.client, "/v1/live") as everything:
        records: list[Record] = [
            event,
            event,
            recording("another ban", "2020", ["IN", "CN"], event_id=event.event_id),
            recording("elsewhere", "2020", ["FR", "DE"]),
            correcting(event.event_id, "ban of apps", "2020-06", ["IN", "CN"]),
            retracting(event.event_id),
            retracting(event.event_id),
            correcting(event.event_id, "ban", "2020", ["IN", "CN"]),
            correcting(event.event_id, "ban, of Pakistan", "2020", ["IN", "PK"]),
            correcting(event.event_id, "ban, again of Pakistan", "2021", ["IN", "PK"]),
        ]
        positions = [(await stack.log.append(record))[0] for record in records]
        malformed = await stack.log.append_bytes(b"no key of ours", b"no value of ours", partition=0)
        told = [item.short for item in await pair.heard(8)]
        assert told == [
            ("applied", "recorded", 1),
            ("duplicate", "recorded", 1),
            ("rejected", "recorded", 1),
            ("applied", "corrected", 2),
            ("applied", "retracted", 3),
            ("rejected", "retracted", 3),
            ("applied", "reinstated", 4),
            ("left", "corrected", 5),
        ]
        assert len(await everything.heard(11)) == 11
        assert len(pair.events) == 8
    first, retracted, left = pair.events[0], pair.events[4], pair.events[7]
    assert first.data["position"] == positions[0]
    assert first.data["event"] == (await stack.get(f"/v1/events/{event.event_id}/revisions"))["items"][0]["event"]
    assert retracted.data["event"]["status"] == "retracted"
    assert left.data["event"]["pairs"] == ["IND-PAK"]
    assert pair.events[2].data["problem"] == "conflict"
    assert "event" not in pair.events[1].data
    stranger = await everything.at(malformed)  # partitions have no order among them, so it need not be the last
    assert (stranger.name, stranger.data) == (
        "rejected",
        {"position": malformed, "action": None, "revision": None, "problem": "malformed"},
    )


async def test_a_country_is_told_of_its_events(stack: TimelineStack) -> None:
    event = recording("visit", "2021", ["NO", "SE", "FI"])
    async with listening(stack.client, "/v1/live?country=Finland") as finland:
        await stack.append(event, recording("other", "2021", ["NO", "SE"]))
        await stack.append(correcting(event.event_id, "visit", "2021", ["NO", "SE"]))
        await stack.append(correcting(event.event_id, "visit", "2021", ["NO", "FI"]))
        told = [item.short for item in await finland.heard(3)]
    assert told == [("applied", "recorded", 1), ("left", "corrected", 2), ("applied", "corrected", 3)]


async def test_it_starts_at_now_or_behind_a_position_that_is_waited_for(stack: TimelineStack) -> None:
    position = await stack.append(recording("before", "2020", ["IN", "CN"]))
    path = f"{PAIR}?min_position={position}"
    async with listening(stack.client, path) as listener:
        await stack.append(recording("after", "2020", ["IN", "CN"]))
        (told,) = await listener.heard(1)
    assert told.data["event"]["title"] == "after"


async def test_whoever_comes_back_misses_and_repeats_nothing(stack: TimelineStack) -> None:
    chance = random.Random(20260213)
    start = await stack.append(recording("start", "2019", ["IN", "CN"]))
    start = (await stack.client.get("/v1/status", headers={"timeline-position": start})).headers["timeline-position"]
    heard: dict[str, list[Told]] = {PAIR: [], "/v1/live": []}
    last_ids = dict.fromkeys(heard, start)
    done = asyncio.Event()

    async def write() -> str:
        known: list[str] = []
        ends: dict[int, int] = {}
        for number in range(40):
            records = [
                recording(f"{number} {n}", "2020", chance.choice([["IN", "CN"], ["FR", "DE"]])) for n in range(3)
            ]
            known += [record.event_id for record in records]
            records += [
                correcting(chance.choice(known), f"{number}", "2020", chance.choice([["IN", "CN"], ["IT", "ES"]]))
            ]
            records += [retracting(chance.choice(known))]
            for position in await stack.log.append(*records):
                partition, offset = parse_position(position)
                ends[partition] = max(offset, ends.get(partition, 0))
        done.set()
        return format_positions(ends)

    async def listen(path: str, end: "asyncio.Task[str]") -> None:
        """Be cut again and again; the last time, listen to the end."""
        while not end.done():
            async with listening(stack.client, path, last_ids[path]) as listener:
                await some_of(listener, chance.randint(0, 5), end)
                heard[path] += listener.events
                last_ids[path] = listener.last_id
        async with listening(stack.client, f"{path}?min_position={end.result()}", last_ids[path]) as listener:
            everything = path == "/v1/live"
            await wait_until(lambda: not everything or len(heard[path]) + len(listener.events) >= 200)
            if not everything:  # the last record of the pair: a sign of life may be seconds away
                last = await stack.append(recording("end", "2020", ["IN", "CN"]))
                await wait_until(lambda: any(f"{told.data['position']}" == last for told in listener.events))
            heard[path] += listener.events

    end = asyncio.create_task(write())
    await asyncio.gather(*(listen(path, end) for path in heard))
    assert done.is_set()

    seen_from = dict(map(parse_position, start.split(",")))
    log = [
        (record.partition, record.offset)
        for record in await read_log(stack.services.bootstrap_servers, stack.services.topic)
        if record.offset > seen_from.get(record.partition, -1)
    ]
    told = by_partition(heard["/v1/live"])
    for partition, offsets in told.items():
        assert offsets == [offset for part, offset in log if part == partition][: len(offsets)]
    assert sum(map(len, told.values())) >= 200
    applied = {told.data["position"]: told for told in heard["/v1/live"] if told.name == "applied"}
    of_pair = [told for told in heard[PAIR] if told.name == "applied" and told.data["event"]["title"] != "end"]
    wanted = [told for told in applied.values() if "CHN-IND" in told.data["event"]["pairs"]]
    wanted = [told for told in wanted if told.data["event"]["title"] != "end"]
    assert by_partition(of_pair) == by_partition(wanted)


async def some_of(listener: Listener, count: int, end: "asyncio.Task[str]") -> None:
    """Wait for a few events, or until no more are written."""
    await wait_until(lambda: len(listener.events) >= count or end.done())


def by_partition(events: list[Told]) -> dict[int, list[int]]:
    """The offsets that were told, as they were told."""
    found: dict[int, list[int]] = defaultdict(list)
    for told in events:
        partition, offset = parse_position(told.data["position"])
        found[partition].append(offset)
    return found


async def test_every_id_resumes_with_exactly_the_rest(stack: TimelineStack) -> None:
    async with listening(stack.client, "/v1/live?country=MX") as listener:
        for number in range(6):
            await stack.append(
                recording(f"{number}", "2020", ["MX", "US"]), recording("x", f"{2000 + number}", ["BR", "AR"])
            )
        events = list(await listener.heard(6))
    for number, told in enumerate(events[:-1]):
        async with listening(stack.client, "/v1/live?country=MX", told.id) as again:
            rest = await again.heard(5 - number)
            assert by_partition(rest) == by_partition(events[number + 1 :])
            assert {item.data["position"]: item.data for item in rest} == {
                item.data["position"]: item.data for item in events[number + 1 :]
            }


async def test_signs_of_life_move_the_place_to_resume_from(stack: TimelineStack, lively: Service) -> None:
    async with (
        httpx.AsyncClient(base_url=lively.url, trust_env=False) as client,
        listening(client, "/v1/timelines/ISL-MLT/live") as quiet,
    ):
        position = await stack.append(recording("elsewhere", "2020", ["BR", "AR"]))
        assert await quiet.heard_up_to(position) == []
        assert quiet.comments > 1


async def test_a_slow_listener_is_dropped_and_the_others_go_on(stack: TimelineStack, lively: Service) -> None:
    address = urlsplit(lively.url)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((address.hostname, address.port))
        slow.sendall(b"GET /v1/live?country=NZ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        async with (
            httpx.AsyncClient(base_url=lively.url, trust_env=False) as client,
            listening(client, "/v1/live?country=NZ") as quick,
        ):
            for batch in range(30):
                await stack.append(
                    *(recording(f"{batch} {n}", "2020", ["NZ", "AU"], summary="long " * 1900) for n in range(20))
                )
            assert len(await quick.heard(600, 60)) == 600
            await wait_until(lambda: "slow listener dropped" in lively.log)
            await stack.append(recording("afterwards", "2020", ["NZ", "AU"]))
            await quick.heard(601)
        assert await asyncio.get_running_loop().run_in_executor(None, was_cut, slow)


def was_cut(connection: socket.socket) -> bool:
    """Whether the other side has ended a connection, once what it had sent before is read."""
    connection.settimeout(10)
    try:
        while connection.recv(65_536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


async def test_a_thousand_idle_listeners_are_told_of_one_event(stack: TimelineStack) -> None:
    service = await stack.services.timeline("crowded")
    address = urlsplit(service.url)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    request = b"GET /v1/timelines/FJI-TON/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    streams = []
    try:
        for _ in range(1000):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(request)
            streams.append((reader, writer))
        for reader, _ in streams:
            await asyncio.wait_for(reader.readuntil(b": alive"), 30)
        await stack.append(recording("one event", "2020", ["FJ", "TO"]))
        for reader, _ in streams:
            await asyncio.wait_for(reader.readuntil(b"event: applied"), 30)
        await service.terminate()  # a stop does not wait for them
        assert "graceful shutdown exceeded" not in service.log
    finally:
        for _, writer in streams:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in streams), return_exceptions=True)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
async def test_it_works_with_curl(stack: TimelineStack) -> None:
    url = f"{stack.client.base_url}{PAIR}"
    curl = await asyncio.create_subprocess_exec("curl", "-sN", url, stdout=asyncio.subprocess.PIPE)
    assert curl.stdout is not None
    await asyncio.wait_for(curl.stdout.readuntil(b"id: "), 30)
    await stack.append(recording("for curl", "2020", ["IN", "CN"]))
    shown = await asyncio.wait_for(curl.stdout.readuntil(b'"title":"for curl"'), 30)
    assert b"event: applied\ndata: {" in shown
    curl.kill()
    await curl.wait()


async def test_a_head_ends(stack: TimelineStack) -> None:
    answer = await stack.client.head("/v1/live")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


@pytest.mark.parametrize(
    ("path", "last_event_id", "status", "words"),
    [
        ("/v1/live", "nonsense", 400, "Last-Event-ID: 'nonsense' is not a position"),
        ("/v1/live", "9:1", 400, "no partition 9"),
        ("/v1/live?country=Atlantis", "", 400, "'Atlantis' is not a country"),
        ("/v1/timelines/IN-IN/live", "", 404, "twice"),
    ],
)
async def test_what_cannot_be_listened_to_is_refused(
    stack: TimelineStack, path: str, last_event_id: str, status: int, words: str
) -> None:
    problem = await stack.refusal(path, **({"last-event-id": last_event_id} if last_event_id else {}))
    assert problem["status"] == status
    assert words in problem["detail"]


async def test_an_id_of_the_future_is_waited_for_and_then_refused(stack: TimelineStack) -> None:
    position = await stack.append(recording("now", "2020", ["IN", "CN"]))
    partition, offset = parse_position(position)
    problem = await stack.refusal("/v1/live", **{"last-event-id": f"{partition}:{offset + 9999}"})
    assert problem["status"] == 503
