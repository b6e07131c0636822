"""The stack as people use it: real commands, real engines, real services, interrupted and killed."""

import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from importlib.resources import files

import httpx
import pytest
from tests.support.running.engines import Engines
from tests.support.running.free_ports import free_port
from tests.support.running.stacks import PATIENCE, Command, Stack, new_stack
from tests.support.waiting import wait_until

from event_schemas.countries import pairs_of
from event_schemas.events import read_event
from event_schemas.json_text import read_json
from local_stack.restarts import TRIES
from local_stack.stack import NAMES

SAMPLES = [read_event(read_json(line)) for line in (files("local_stack") / "samples.ndjson").read_bytes().splitlines()]
STORY = {event.title for event in SAMPLES if "CHN-IND" in pairs_of(event.countries, event.initiators or [])}
UNTOUCHED = ("kafka", "ingest", "supervisor")  # by a PostgreSQL that dies
Moment = Callable[[Stack, Command], bool]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """One stack for the tests of this file, each of which brings it into the state that it needs."""
    with new_stack(RESTART_SECONDS="0.05") as stack:
        yield stack


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        return await client.get(url)


async def recorded(stack: Stack) -> int:
    return int((await get(f"{stack.timeline_url}/v1/status")).json()["records"]["total"])


async def test_up_starts_everything_and_shows_the_samples(stack: Stack) -> None:
    output = await stack.up()
    assert "Dyadline is ready" in output
    assert stack.timeline_url in output
    assert set(stack.pids()) == set(NAMES)
    answer = await get(f"{stack.timeline_url}/v1/timelines/IN-CN")
    assert answer.status_code == 200
    assert {item["title"] for item in answer.json()["items"]} == STORY


async def test_status_says_what_runs_where_and_how_far(stack: Stack) -> None:
    await stack.up()
    status, output = await stack.run("status")
    assert status == 0, output
    for name, pid in stack.pids().items():
        assert f"{name:<10} pid {pid}" in output
        assert str(stack.process(name).log_file) in output
    assert stack.ingest_url in output
    assert "0 behind the log" in output


async def test_up_again_starts_nothing_and_loads_nothing(stack: Stack) -> None:
    await stack.up()
    before, records = stack.pids(), await recorded(stack)
    output = await stack.up()
    assert stack.pids() == before
    assert "loaded" not in output
    assert await recorded(stack) == records


async def test_what_ends_by_itself_is_started_again(stack: Stack) -> None:
    await stack.up()
    before, records = stack.pids(), await recorded(stack)
    killed = {"postgres", "projector"}
    for name in killed:
        os.kill(before[name], signal.SIGKILL)
    log = stack.process("supervisor").log_file
    await wait_until(lambda: all(f"{name} is ready again" in log.read_text() for name in killed), PATIENCE)
    after = stack.pids()
    assert {name for name in NAMES if after[name] != before[name]} >= killed
    assert {name: pid for name, pid in after.items() if name in UNTOUCHED} == {name: before[name] for name in UNTOUCHED}
    status, output = await stack.run("status")
    assert status == 0, output
    assert len(re.findall(r"restarted 1 time, last at .*: killed by SIGKILL", output)) >= len(killed)
    assert "projector has ended by itself, killed by SIGKILL: it is started again in 0.05 s" in log.read_text()
    assert await recorded(stack) == records


async def test_up_restores_a_stack_whose_supervisor_was_killed(stack: Stack) -> None:
    await stack.up()
    before = stack.pids()
    os.kill(before["supervisor"], signal.SIGKILL)
    await wait_until(lambda: "supervisor" not in stack.pids())
    os.kill(before["replayer"], signal.SIGKILL)
    await wait_until(lambda: "replayer" not in stack.pids())
    status, output = await stack.run("status")
    assert status == 1
    assert "supervisor not running" in output
    assert "replayer   not running" in output
    await stack.up()
    after = stack.pids()
    assert {name for name in NAMES if after[name] != before[name]} == {"supervisor", "replayer"}
    assert (await stack.run("status"))[0] == 0


async def test_what_never_becomes_ready_is_given_up_until_the_next_up(stack: Stack) -> None:
    await stack.up()
    port = int(stack.environment["INGEST_PORT"])
    log = stack.process("supervisor").log_file
    os.kill(stack.pids()["ingest"], signal.SIGKILL)
    with await wait_until(lambda: socket.create_server(("127.0.0.1", port)), ignore=(OSError,)):
        await wait_until(lambda: "ingest is given up" in log.read_text(), PATIENCE)
        words = log.read_text()
        assert f"port {port} for the ingest service is taken by another program" in words
        assert f"The end of {stack.process('ingest').log_file}:\n" in words
        status, output = await stack.run("status")
        assert status == 1
        assert f"given up after {TRIES} tries: make up tries anew" in output
        assert (await stack.run("up"))[0] == 1
        assert set(stack.pids()) == set(NAMES) - {"ingest"}
    await stack.up()
    status, output = await stack.run("status")
    assert status == 0, output
    assert "given up" not in output


async def test_a_taken_port_is_named_with_its_variable_and_nothing_is_started(stack: Stack) -> None:
    await stack.up()
    port = stack.environment["INGEST_PORT"]
    with new_stack(INGEST_PORT=port) as other:
        status, output = await other.run("up")
        assert status == 1
        assert f"port {port} for the ingest service is taken" in output
        assert "INGEST_PORT=" in output
        assert other.left_over() == []


async def test_a_running_stack_that_is_given_other_settings_restarts_what_they_concern(stack: Stack) -> None:
    await stack.up()
    records, before = await recorded(stack), stack.pids()
    mine = stack.environment
    mine["INGEST_PORT"], mine["TIMELINE_PORT"] = mine["TIMELINE_PORT"], mine["INGEST_PORT"]
    output = await stack.up()
    assert "restarting ingest: INGEST_PORT, TIMELINE_URL have changed" in output
    swapped = stack.pids()
    assert {name for name in NAMES if swapped[name] != before[name]} == {"ingest", "timeline", "supervisor"}
    assert await recorded(stack) == records
    mine.update(KAFKA_PORT=str(free_port()), TIMELINE_BATCH_RECORDS="1000")
    output = await stack.up()
    assert "restarting projector: KAFKA_BOOTSTRAP_SERVERS, TIMELINE_BATCH_RECORDS have changed" in output
    moved = stack.pids()
    assert {name for name in NAMES if moved[name] == swapped[name]} == {"postgres"}
    assert await recorded(stack) == records


async def test_given_servers_are_used_side_by_side_with_another_stack(
    stack: Stack, engines: Engines, database_url: str
) -> None:
    await stack.up()
    before = stack.pids()
    with new_stack(KAFKA_BOOTSTRAP_SERVERS=engines.bootstrap_servers, DATABASE_URL=database_url) as other:
        output = await other.up()
        assert "loaded" not in output
        assert set(other.pids()) == set(NAMES) - {"kafka", "postgres"}
        status, output = await other.run("status")
        assert status == 0, output
        assert engines.bootstrap_servers in output
        assert database_url not in output
        assert (await other.run("down"))[0] == 0
        assert other.left_over() == []
    assert stack.pids() == before


async def test_down_leaves_no_process_and_keeps_the_data(stack: Stack) -> None:
    await stack.up()
    records = await recorded(stack)
    halted = ("kafka", "projector")
    for name in halted:
        os.kill(stack.pids()[name], signal.SIGSTOP)
    status, output = await stack.run("down")
    assert status == 0, output
    for name in halted:
        assert f"resumed {name}, which was halted" in output
    stopped = [line.removeprefix("stopped ") for line in output.splitlines() if "stopped" in line]
    assert stopped == list(reversed(NAMES))
    assert stack.left_over() == []
    status, output = await Stack(stack.state_dir).run("status")  # which is told other ports
    assert status == 1
    assert stack.ingest_url in output
    assert "the stack is down" in output
    assert await stack.run("down") == (0, "")
    for name in NAMES:  # stale, and another's
        stack.process(name).pid_file.write_text(f"{os.getpid()}\n")
    assert "loaded" not in await stack.up()
    assert await recorded(stack) == records
    assert os.getpid() not in stack.pids().values()


async def test_run_tells_of_what_ends_and_goes_on_until_somebody_brings_the_stack_down(stack: Stack) -> None:
    running = stack.begin("run")
    await wait_until(lambda: "Following the logs" in running.output, PATIENCE)
    before = stack.pids()
    os.kill(before["timeline"], signal.SIGKILL)
    await wait_until(lambda: "timeline is ready again" in running.output, PATIENCE)
    assert "timeline has ended by itself, killed by SIGKILL: it is started again in" in running.output
    os.kill(before["supervisor"], signal.SIGKILL)
    await wait_until(lambda: "supervisor has ended, killed by SIGKILL: starting another" in running.output)
    await wait_until(lambda: "supervisor" in stack.pids())
    assert (await stack.run("down"))[0] == 0
    assert await running.ended() == 0, running.output
    assert "stopped by make down" in running.output
    assert stack.left_over() == []


async def test_ctrl_c_at_make_run_stops_everything(stack: Stack) -> None:
    running = stack.begin("make", "--assume-old=.venv/.ready", "run")
    await wait_until(lambda: "Following the logs" in running.output, PATIENCE)
    assert set(stack.pids()) == set(NAMES)
    os.kill(stack.pids()["ingest"], signal.SIGKILL)  # which the supervisor is about to start again
    running.interrupt()
    await running.ended()
    assert "stopped kafka" in running.output
    assert "Traceback" not in running.output
    assert stack.left_over() == []


MOMENTS: dict[str, Moment] = {
    "a data folder is being laid out": lambda stack, _: any(stack.state_dir.glob("*.new-*")),
    "PostgreSQL starts": lambda stack, _: "postgres" in stack.pids(),
    "Kafka starts": lambda stack, _: "kafka" in stack.pids(),
    "the first service starts": lambda stack, _: "ingest" in stack.pids(),
    "the last service starts": lambda stack, _: "replayer" in stack.pids(),
}


async def test_up_can_be_interrupted_at_any_moment_and_done_again() -> None:
    with new_stack() as stack:
        for number, (moment, has_come) in enumerate(MOMENTS.items()):
            starting = stack.begin("up")
            await wait_until(lambda: has_come(stack, starting), PATIENCE)  # noqa: B023
            starting.interrupt(signal.SIGTERM if number % 2 else signal.SIGINT)
            starting.interrupt()  # impatience changes nothing
            assert await starting.ended() == 130, (moment, starting.output)
            assert "Traceback" not in starting.output
            assert stack.left_over() == [], moment
        starting = stack.begin("up")
        await wait_until(lambda: "projector" in stack.pids(), PATIENCE)
        starting.interrupt(signal.SIGKILL)
        await starting.ended()
        first, second = stack.begin("up"), stack.begin("up")
        assert await first.ended() == 0, first.output
        assert await second.ended() == 0, second.output
        assert set(stack.pids()) == set(NAMES)
        assert (first.output + second.output).count("loaded") == 1
