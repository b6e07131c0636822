"""The arena and the nemesis of the soak: that each does what it says, on the real thing, and leaves nothing behind."""

import asyncio
import errno
import os
import signal
import socket
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import orjson
import psutil
import pytest
from tests.faults.soak.arena.arena import Arena, open_arena
from tests.faults.soak.arena.clocks import prepare_clocks
from tests.faults.soak.arena.disks import Disks, mounts_under, open_disks
from tests.faults.soak.arena.members import MARK, End, Member, marked, thaw
from tests.faults.soak.arena.proxy import Proxy
from tests.faults.soak.arena.recovery import recover
from tests.faults.soak.nemesis.nemesis import FAULTS, LONG, SHORT, Strike, attack, left_out, schedule_of
from tests.faults.soak.nemesis.operations import event, post_lines
from tests.support.inputs.log_writing import read_log
from tests.support.running.free_ports import free_port
from tests.support.running.session_folder import ROOT, session_folder
from tests.support.waiting import wait_until

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="arena-", dir=session_folder()) as name:
        yield Path(name)


def test_a_schedule_repeats_from_its_seed() -> None:
    assert schedule_of(7, 900) == schedule_of(7, 900)
    assert schedule_of(7, 900) != schedule_of(8, 900)
    assert schedule_of(7, 900)[:5] == schedule_of(7, 1_800)[:5]


def test_a_schedule_has_every_fault_once_before_any_comes_again() -> None:
    schedule = schedule_of(3, 3_600)
    first = [strike.names[0] for strike in schedule[: len(FAULTS)]]
    assert sorted(first) == sorted(FAULTS)
    paired = [strike for strike in schedule if len(strike.names) == 2]
    assert 0.1 < len(paired) / len(schedule) < 0.5
    assert all(0 <= strike.lag <= strike.seconds for strike in schedule)
    assert not [strike for strike in paired if any(FAULTS[name].alone for name in strike.names)]
    assert {strike.seconds for strike in schedule} <= set(LONG)


def test_a_schedule_of_named_faults_is_short_when_the_run_is() -> None:
    schedule = schedule_of(3, 60, names=["kill kafka", "cut postgres"])
    assert {name for strike in schedule for name in strike.names} == {"kill kafka", "cut postgres"}
    assert {strike.seconds for strike in schedule} <= set(SHORT)
    with pytest.raises(ValueError, match="no such fault: kill everybody"):
        schedule_of(3, 60, names=["kill everybody"])


class Server:
    """Says back what it hears, and remembers it."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.ended = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(65_536):
                self.heard += chunk
                writer.write(chunk)
                await writer.drain()
            writer.write_eof()
        except OSError:
            pass
        finally:
            self.ended += 1
            writer.close()


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[Proxy, Server]]:
    """A proxy before a server that says back what it hears."""
    server, port = Server(), free_port()
    listening = await asyncio.start_server(server.take, "127.0.0.1", port)
    proxy = Proxy(free_port(), ("127.0.0.1", port))
    await proxy.listen()
    try:
        yield proxy, server
    finally:
        await proxy.close()
        listening.close()
        assert proxy.links == 0


@asynccontextmanager
async def connected(proxy: Proxy) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection through it, which has passed a word and back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(b"hello")
        assert await soon(reader.readexactly(5)) == b"hello"
        yield reader, writer
    finally:
        writer.transport.abort()


async def soon(wait: Awaitable[bytes]) -> bytes:
    """What comes, which it has to within ten seconds."""
    return await asyncio.wait_for(wait, 10)


async def test_a_calm_proxy_passes_bytes_and_ends_both_ways() -> None:
    async with proxied() as (proxy, server), connected(proxy) as (reader, writer):
        sent = os.urandom(3_000_000)
        writer.write(sent)
        writer.write_eof()
        assert await soon(reader.read(-1)) == sent
        assert bytes(server.heard) == b"hello" + sent
        await wait_until(lambda: proxy.links == 0)


async def test_a_proxy_cuts_what_there_is_and_takes_what_comes() -> None:
    async with proxied() as (proxy, _), connected(proxy) as (reader, _writer):
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            await soon(reader.read(1))
        async with connected(proxy):
            assert proxy.links == 1


async def test_a_proxy_refuses_who_comes_and_keeps_who_is_there() -> None:
    async with proxied() as (proxy, _), connected(proxy) as (reader, writer):
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"still")
        assert await soon(reader.readexactly(5)) == b"still"
        await proxy.heal()
        async with connected(proxy):
            pass


@pytest.mark.parametrize("steps", range(5))
async def test_a_proxy_that_is_given_up_while_it_starts_can_start_again(steps: int) -> None:
    proxy = Proxy(free_port(), ("127.0.0.1", free_port()))
    starting = asyncio.create_task(proxy.listen())
    for _ in range(steps):
        await asyncio.sleep(0)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await proxy.heal()
    await proxy.close()


async def test_a_proxy_delays_and_keeps_the_order() -> None:
    async with proxied() as (proxy, _), connected(proxy) as (reader, writer):
        proxy.delay = 0.2
        started = time.monotonic()
        writer.write(b"late ")
        await writer.drain()
        assert await soon(reader.readexactly(5)) == b"late "
        assert time.monotonic() - started >= 0.4
        writer.write(b"then ")
        await asyncio.sleep(0)
        await proxy.heal()
        writer.write(b"now")
        assert await soon(reader.readexactly(8)) == b"then now"


async def test_a_proxy_throttles() -> None:
    async with proxied() as (proxy, _), connected(proxy) as (reader, writer):
        proxy.rate = 100_000
        started = time.monotonic()
        writer.write(bytes(30_000))
        await soon(reader.readexactly(30_000))
        assert time.monotonic() - started >= 0.25


async def test_a_proxy_half_closes() -> None:
    async with proxied() as (proxy, server), connected(proxy) as (reader, writer):
        proxy.half_close()
        assert await soon(reader.read(1)) == b""
        writer.write(b" and more")
        await wait_until(lambda: server.heard == b"hello and more")
        await proxy.heal()
        await wait_until(lambda: proxy.links == 0)


@pytest.mark.parametrize("direction", ["up", "down"])
async def test_a_proxy_stalls_one_direction(direction: str) -> None:
    async with proxied() as (proxy, server), connected(proxy) as (reader, writer):
        proxy.stall("up" if direction == "up" else "down")
        writer.write(b" again")
        if direction == "down":
            await wait_until(lambda: server.heard == b"hello again")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.read(1)
        assert (server.heard == b"hello") == (direction == "up")
        await proxy.heal()
        assert await soon(reader.readexactly(6)) == b" again"


async def test_a_blackhole_takes_connections_and_says_nothing() -> None:
    async with proxied() as (proxy, server):
        proxy.stall("up", "down")
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"anybody")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.read(1)
        assert not server.heard
        await proxy.heal()
        assert await soon(reader.readexactly(7)) == b"anybody"
        writer.transport.abort()


async def test_the_clock_of_a_process_jumps(folder: Path) -> None:
    clocks = await prepare_clocks(folder)
    if clocks.missing:
        pytest.skip(clocks.missing)
    script = "import sys, datetime\nfor _ in sys.stdin: print(datetime.datetime.now().isoformat(), flush=True)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **clocks.environment("one")},
    )
    assert process.stdin
    assert process.stdout

    async def ahead() -> timedelta:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"\n")
        shown = datetime.fromisoformat((await soon(process.stdout.readline())).decode().strip())
        return shown - datetime.now()

    try:
        for seconds in (0, -3_600, 2.5, -0.75, 0):
            clocks.set("one", seconds)
            assert abs(await ahead() - timedelta(seconds=seconds)) < timedelta(seconds=0.5)
    finally:
        process.kill()
        await process.communicate()


@pytest.fixture
def disks(folder: Path) -> Iterator[Disks]:
    """Disks that are unmounted at the end; without them the test is skipped, and says why."""
    disks = open_disks(folder)
    disks.mount("small", 8)
    if disks.missing:
        pytest.skip(disks.missing)
    yield disks
    disks.unmount()
    assert not mounts_under(folder)


@pytest.mark.parametrize("before", [0, 1_000_000])
def test_a_disk_fills_and_clears(disks: Disks, before: int) -> None:
    (place,) = disks.sizes
    if before:
        (place / "before").write_bytes(bytes(before))
    disks.fill(place)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        (place / "after").write_bytes(bytes(1_000_000))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        (place / "another").touch()
    disks.clear(place)
    (place / "after").write_bytes(bytes(1_000_000))
    assert not before or (place / "before").read_bytes() == bytes(before)


@asynccontextmanager
async def member(folder: Path, *command: str) -> AsyncIterator[tuple[Member, list[End]]]:
    """A supervised process, and what was reported of it."""
    ends: list[End] = []
    found = Member("one", command or SLEEPER, {MARK: str(folder)}, folder / "one.log", ends.append)
    found.start()
    try:
        await wait_until(lambda: found.pid or ends)  # one that ends at once is hardly ever seen
        yield found, ends
    finally:
        await found.abandon()
        assert not marked(folder)


async def test_what_ends_by_itself_is_started_again_and_reported(folder: Path) -> None:
    async with member(folder, "/bin/sh", "-c", "echo last words; exit 3") as (one, ends):
        await wait_until(lambda: one.starts > 2)
        assert {(end.name, end.status) for end in ends} == {("one", 3)}
        assert "last words" in ends[0].log_end


async def test_what_is_killed_by_a_signal_of_others_is_reported(folder: Path) -> None:
    async with member(folder) as (one, ends):
        assert one.pid
        os.kill(one.pid, signal.SIGTERM)
        await wait_until(lambda: one.starts == 2)
        assert [end.status for end in ends] == [-signal.SIGTERM]


async def test_what_a_fault_kills_is_held_down_and_not_reported(folder: Path) -> None:
    async with member(folder) as (one, ends):
        await one.kill(hold=True)
        assert one.pid is None
        one.start()
        await wait_until(lambda: one.pid)
        first = one.pid
        await one.kill()
        await wait_until(lambda: one.pid not in (None, first))
        assert not ends


async def test_what_is_frozen_and_thawed_goes_on(folder: Path) -> None:
    async with member(folder) as (one, _):
        frozen = one.freeze()
        await wait_until(lambda: psutil.Process(one.pid).status() == psutil.STATUS_STOPPED)
        thaw(frozen)
        await wait_until(lambda: psutil.Process(one.pid).status() != psutil.STATUS_STOPPED)


async def test_the_warden_clears_away_what_a_killed_run_has_left(folder: Path) -> None:
    disks = open_disks(folder)
    disks.mount("small", 1)
    script = (
        "import asyncio, subprocess, sys, pathlib\n"
        "from tests.faults.soak.arena.warden import start_warden\n"
        "async def main():\n"
        "    await start_warden(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
        f"    subprocess.Popen({SLEEPER!r}, start_new_session=True)\n"
        "    print('ready', flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())"
    )
    run = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(folder), str(ROOT)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, MARK: str(folder), "PYTHONPATH": str(ROOT)},
    )
    assert run.stdout
    assert await soon(run.stdout.readline()) == b"ready\n"
    run.kill()
    await run.communicate()  # its output ends once all that it has started has gone
    await wait_until(lambda: not marked(folder) and not mounts_under(folder))


def nothing_left(folder: Path) -> None:
    """Asserts that neither a process nor a disk of an arena is left, nor anything that listens in its name."""
    assert not marked(folder)
    assert not mounts_under(folder)


async def test_an_arena_that_is_given_up_while_it_starts_leaves_nothing(folder: Path) -> None:
    async def enter() -> None:
        async with open_arena(folder / "arena"):
            raise AssertionError("it was given up before")

    task = asyncio.create_task(enter())
    await wait_until(lambda: task.done() or marked(folder / "arena"), 150)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    nothing_left(folder / "arena")


async def the_log_steps_back(arena: Arena) -> None:
    """Asserts that what is appended while the broker's clock is behind is recorded earlier than what lies before it."""
    lines = [orjson.dumps(event(Random(number))) for number in range(60)]
    await post_lines(arena, lines)
    async with FAULTS["step back the clock of kafka"].strike(arena, Random(1)):
        await post_lines(arena, lines)
    times = defaultdict[int, list[int]](list)
    for record in await read_log(arena.bootstrap_servers, arena.topic):
        times[record.partition].append(record.timestamp)
    assert all(sorted(each) != each for each in times.values())
    assert (await recover(arena))[1] == ""


@pytest.mark.timeout(400)
async def test_an_arena_recovers_from_each_of_a_handful_of_faults(folder: Path) -> None:
    strikes = [
        Strike(0.1, ("kill timeline-1",), 0.3, 0, 1),
        Strike(0.1, ("freeze postgres", "kill ingest"), 0.5, 0.2, 2),
        Strike(0.1, ("cut kafka", "blackhole postgres"), 0.5, 0.1, 3),
        Strike(0.1, ("write foreign records", "kill postgres"), 1, 0.2, 4),
    ]
    said: list[str] = []
    async with open_arena(folder / "arena") as arena:
        assert sorted(arena.pids()) == sorted(
            ["kafka", "postgres", "ingest", "timeline-1", "timeline-2", "projector-1", "projector-2", "replayer"]
        )
        missing = left_out(arena)
        recoveries = await attack(arena, strikes, said.append)
        assert [recovery.missing for recovery in recoveries] == [""] * len(strikes), said
        assert [bool(recovery.left_out) for recovery in recoveries] == [
            any(name in missing for name in strike.names) for strike in strikes
        ]
        assert not arena.violations
        assert {"an event", "bytes"} <= {record.kind for record in arena.foreign}
        if "step back the clock of kafka" not in missing:
            await the_log_steps_back(arena)
        ports = [proxy.port for proxy in arena.proxies]
    nothing_left(folder / "arena")
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED
