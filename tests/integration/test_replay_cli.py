"""`timeline replay` in a pipe and at a terminal. What a replayer would do, the tests do."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator

import pytest
from tests.support.clients.terminals import terminal, timeline
from tests.support.inputs.log_writing import recording
from tests.support.running.acting_replayers import TABLES, ActingReplayer, acting_replayer, difference, digest_of
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

Ran = tuple[int, str, str]


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        await running.get("/v1/status", await running.append(*(recording(f"number {n}", "2020") for n in range(9))))
        yield running


@pytest.fixture(scope="module")
async def replayer(stack: TimelineStack) -> AsyncIterator[ActingReplayer]:
    async with acting_replayer(stack.services.database_url) as acting:
        yield acting


def replaying(stack: TimelineStack, *words: str) -> "asyncio.Task[Ran]":
    return asyncio.create_task(timeline("replay", *words, "--url", str(stack.client.base_url)))


def fields(output: str) -> dict[str, list[str]]:
    return {line.split("\t")[0]: line.split("\t")[1:] for line in output.splitlines()}


async def test_an_equal_verification_is_said_whole_in_a_pipe(stack: TimelineStack, replayer: ActingReplayer) -> None:
    command = replaying(stack)
    replay = await replayer.claim()
    await replayer.tell(replay, 5, 9)
    await replayer.finish(replay)
    status, output, complaints = await command
    assert (status, complaints) == (0, "")
    said = fields(output)
    assert said["verify"] == ["equal"]
    assert said["replay"] == [str(replay)]
    assert said["digest"] == [digest_of("whole")]
    assert said["next_offsets"] == ["0:1,1:1,2:2"]
    assert (said["seconds"], said["code_version"]) == (["1.25"], ["0.1.0+test"])
    assert (said["parked"], said["rejected"], said["duplicate"]) == (["0"], ["1", "2:1"], ["2"])
    tables = [line.split("\t") for line in output.splitlines() if line.startswith("table\t")]
    assert tables == [["table", name, "11", digest_of(name), "0", digest_of(name)] for name in TABLES]


async def test_each_difference_is_a_line_in_a_pipe(stack: TimelineStack, replayer: ActingReplayer) -> None:
    command = replaying(stack)
    await replayer.finish(
        await replayer.claim(),
        difference(live="tab\tand \x1b[31m"),
        difference(table="pairs", key="CHN-IND", field=None, live=None, log={"count": 1}, position=None),
        more=40,
    )
    status, output, _ = await command
    assert status == 1
    assert fields(output)["verify"] == ["different"]
    assert [line.split("\t") for line in output.splitlines() if line.startswith("difference\t")] == [
        ["difference", "events", "80d5", "title", '"tab\\tand \\u001b[31m"', '"Talks"', "0:0"],
        ["difference", "pairs", "CHN-IND", "", "null", '{"count":1}', ""],
    ]
    assert fields(output)["more"] == ["40"]


async def test_json_is_the_replay_as_the_service_answers_it(stack: TimelineStack, replayer: ActingReplayer) -> None:
    command = replaying(stack, "--json")
    replay = await replayer.claim()
    await replayer.finish(replay, difference())
    status, output, _ = await command
    assert status == 1
    assert json.loads(output) == await stack.get(f"/v1/replays/{replay}")


async def test_a_rebuild_says_what_it_repaired(stack: TimelineStack, replayer: ActingReplayer) -> None:
    command = replaying(stack, "--rebuild")
    replay = await replayer.claim()
    refused = await replaying(stack, "--rebuild")
    assert refused[:2] == (1, "")
    assert str(replay) in refused[2]
    await replayer.finish(replay, difference(), generation=2)
    status, output, _ = await command
    assert status == 0
    said = fields(output)
    assert (said["rebuild"], said["generation"]) == (["rebuilt"], ["2"])
    assert said["repaired"] == ["events", "80d5", "title", '"Tampered"', '"Talks"', "0:0"]


async def test_a_rebuild_until_names_the_generation_to_read(stack: TimelineStack, replayer: ActingReplayer) -> None:
    url = str(stack.client.base_url)
    ends = [item["log_end"] for item in (await stack.get("/v1/status"))["partitions"]]
    held = [partition for partition, end in enumerate(ends) if end]
    positions = {
        f"{held[0]}:0": {"next_offsets": {str(n): int(n == held[0]) for n in range(3)}},
        ",".join(f"{n}:{ends[n] - 1}" for n in held): {"next_offsets": {str(n): end for n, end in enumerate(ends)}},
        "2026-01-01T01:00:00+01:00": {"recorded_at": "2026-01-01T00:00:00.000000Z"},
    }
    for until, asked in positions.items():
        async with terminal("replay", "--rebuild", "--until", until, "--url", url, columns=100) as shown:
            replay = await replayer.claim()
            assert (await stack.get(f"/v1/replays/{replay}"))["until"] == asked
            await replayer.finish(replay, generation=7)
            assert await shown.ended() == 0
        assert "generation=7" in shown.text


async def test_what_has_no_result_is_said_with_its_reason(stack: TimelineStack, replayer: ActingReplayer) -> None:
    command = replaying(stack)
    await replayer.give_up(await replayer.claim(), "failed", "the log has lost records")
    assert await command == (1, "", "failed: the log has lost records\n")
    command = replaying(stack)
    await replayer.give_up(await replayer.claim(), "cancelled")
    assert await command == (1, "", "cancelled\n")


async def test_ctrl_c_cancels_the_replay(stack: TimelineStack, replayer: ActingReplayer) -> None:
    async with terminal("replay", "--url", str(stack.client.base_url), columns=80) as shown:
        replay = await replayer.claim()
        await replayer.tell(replay, 1, 9)
        await wait_until(lambda: "reading the log" in shown.text)
        shown.process.send_signal(signal.SIGINT)
        assert await shown.ended() == 130
    assert shown.lines[-2] == f"cancelled: the replay {replay} is told to end"
    assert await replayer.replays.cancelling(replay)
    await replayer.give_up(replay, "cancelled")


async def test_it_waits_for_a_replayer_and_says_so(stack: TimelineStack, replayer: ActingReplayer) -> None:
    await replayer.leave()
    async with terminal("replay", "--url", str(stack.client.base_url), columns=100) as shown:
        await wait_until(lambda: "no replayer runs" in shown.text)
        await replayer.join()
        await replayer.finish(await replayer.claim())
        assert await shown.ended() == 0


async def test_it_goes_on_after_a_cut(stack: TimelineStack, replayer: ActingReplayer) -> None:
    service = await stack.services.timeline("restarted")
    async with terminal("replay", "--url", service.url, columns=100) as shown:
        replay = await replayer.claim()
        await replayer.tell(replay, 1, 9)
        await wait_until(lambda: "reading the log" in shown.text)
        await service.kill()
        await replayer.finish(replay)
        service.start()
        assert await shown.ended() == 0
        assert "trying again" in shown.text
        assert "equal" in shown.text


@pytest.mark.parametrize("columns", [30, 100])
async def test_a_terminal_shows_how_far_it_is_and_what_came_of_it(
    stack: TimelineStack, replayer: ActingReplayer, columns: int
) -> None:
    long = "A title " * 40
    async with terminal("replay", "--url", str(stack.client.base_url), columns=columns) as shown:
        replay = await replayer.claim()
        await replayer.tell(replay, 1_000, 4_000)
        await wait_until(lambda: "1,000 of 4,000 records" in shown.text)
        await replayer.tell(replay, 4_000, 4_000, "comparing")
        await wait_until(lambda: "comparing" in shown.text)
        await replayer.finish(replay, difference(live=f"{long}of old", log=f"{long}of late"), more=2)
        assert await shown.ended() == 1
    assert max(map(len, shown.lines)) <= columns
    words = " ".join(shown.text.split())
    for part in ("25 %", "400.0 kB", "1,234 a second", "different in 3 rows", "of old", "of late", "and 2 more"):
        assert part in words
    assert digest_of("whole")[:8] in words
    assert digest_of("whole")[:17] not in "".join(words.split())


async def test_wrong_usage_and_what_is_out_of_reach(stack: TimelineStack) -> None:
    async def ran(*words: str) -> tuple[int, str]:
        status, output, complaints = await replaying(stack, *words)
        assert output == ""
        return status, complaints

    for until in ("2026-01-01", "0:1,0:2"):
        assert (await ran("--until", until))[0] == 2, until
    assert (await ran("--until", "3:0")) == (1, "--until: the log has no partition 3\n")
    assert (await ran("--until", "9000-01-01T00:00:00Z"))[0] == 1
    assert (await ran("--from", "export.ndjson", "--rebuild"))[0] == 2
    assert (await ran("--from", "export.ndjson", "--until", "0:1"))[0] == 2
    assert (await timeline("replay", "--url", "http://127.0.0.1:1"))[0] == 3


async def test_status_says_what_was_verified_last(stack: TimelineStack, replayer: ActingReplayer) -> None:
    url = str(stack.client.base_url)
    command = replaying(stack)
    await replayer.finish(await replayer.claim(), difference())
    await command
    said = fields((await timeline("status", "--url", url))[1])
    assert said["last verification"][0].startswith("different, 20")
    assert digest_of("whole")[:16] in said["last verification"][0]
    assert said["replayers"] == ["test/4711"]
