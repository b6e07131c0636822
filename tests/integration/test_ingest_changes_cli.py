"""`ingest correct`, `ingest retract` and `ingest post` of loads, as people run them on all of the product."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.support.running.engines import Engines
from tests.support.running.ingesting import an_event
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack


@dataclass(slots=True)
class Terminal:
    """The command, and what it speaks with."""

    stack: TimelineStack
    ingest_url: str

    async def run(self, *words: str, stdin: bytes = b"") -> tuple[int, str, str]:
        """Run `ingest …`; returns its exit status, output and complaints."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ingest_service.cli", *words),
            env={**os.environ, "INGEST_URL": self.ingest_url, "TIMELINE_URL": str(self.stack.client.base_url)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, complaints = await child.communicate(stdin)
        assert child.returncode is not None
        assert b"Traceback" not in complaints, complaints.decode()
        return child.returncode, output.decode(), complaints.decode()

    async def post(self, batch: str, *events: Any, **terms: str) -> None:
        """Post events as a load, and wait until they are found."""
        options = [word for name, value in terms.items() for word in (f"--{name}", value)]
        status, output, complaints = await self.run("post", "-", "--batch", batch, *options, stdin=ndjson(*events))
        assert (status, output) == (0, f"recorded {len(events)}, refused 0\n"), complaints
        await self.settled()

    async def settled(self) -> None:
        """Wait until all that was recorded is found."""
        status = await self.stack.get("/v1/status")
        ends = {item["partition"]: item["log_end"] for item in status["partitions"] if item["log_end"]}
        await self.stack.get("/v1/events", ",".join(f"{partition}:{end - 1}" for partition, end in ends.items()))

    async def event(self, event_id: str) -> dict[str, Any]:
        """An event as it is now."""
        await self.settled()
        return await self.stack.get(f"/v1/events/{event_id}")


@pytest.fixture(scope="module")
async def terminal(engines: Engines) -> AsyncIterator[Terminal]:
    async with timeline_stack(engines) as stack:
        ingest = await stack.services.ingest(TIMELINE_URL=str(stack.client.base_url).rstrip("/"))
        yield Terminal(stack, ingest.url)


def ndjson(*events: Any) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def events(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [an_event(f"event {number}", id=str(uuid4()), **fields) for number in range(count)]


async def test_a_feed_is_posted_as_things_are_now(terminal: Terminal) -> None:
    one, other = events(2)
    await terminal.post("feed-1", one, other)
    await terminal.post("feed-2", {**one, "title": "news"}, other, existing="correct", reason="as the feed has it")
    found = await terminal.event(one["id"])
    assert (found["title"], found["revision"]) == ("news", 2)
    assert (await terminal.stack.get("/v1/batches/feed-2"))["outcomes"] == {
        "applied": 1, "duplicate": 1, "rejected": 0, "parked": 0,
    }  # fmt: skip
    for wrong in (("--existing", "correct"), ("--reason", "r"), ("--existing", "keep", "--reason", "r")):
        assert (await terminal.run("post", "-", *wrong, stdin=ndjson(one)))[0] == 2
    status, _, complaints = await terminal.run("post", "-", "--batch", "a b", stdin=ndjson(one))
    assert (status, "batch" in complaints) == (1, True)


async def test_exported_events_are_corrected(terminal: Terminal, tmp_path: Path) -> None:
    one, other = events(2, countries=["FR", "MT"])
    await terminal.post("exported", one, other)
    exported = await terminal.stack.client.get("/v1/timelines/FR-MT.ndjson")
    lines = [json.loads(line) for line in exported.text.splitlines()]
    assert len(lines) == 2
    file = tmp_path / "mended.ndjson"
    file.write_bytes(ndjson(*({**line, "title": f"{line['title']}, mended"} for line in lines)))
    run = await terminal.run("correct", str(file), "--reason", "typos", "--batch", "mending")
    assert run == (0, "recorded 2, refused 0\n", "")
    found = await terminal.event(one["id"])
    assert (found["title"], found["revision"]) == (f"{one['title']}, mended", 2)
    assert (await terminal.run("correct", str(file), "--reason", "typos"))[0] == 0  # of revision 1, which is past
    assert (await terminal.event(one["id"]))["revision"] == 2
    correction = {"id": other["id"], "reason": "its own", "event": an_event("another", countries=["FR", "MT"])}
    assert (await terminal.run("correct", "-", stdin=json.dumps([correction], indent=1).encode()))[0] == 0
    assert (await terminal.event(other["id"]))["title"] == "another"
    status, output, complaints = await terminal.run("correct", "-", stdin=ndjson(correction, one))
    assert (status, output) == (1, "recorded 1, refused 1\n")
    assert complaints.startswith("line 2: /reason")


async def test_one_event_is_retracted(terminal: Terminal) -> None:
    (one,) = events(1)
    await terminal.post("to-retract", one)
    words = ("retract", one["id"], "--reason", "it did not happen", "--expected-revision")
    status, output, _ = await terminal.run(*words, "1")
    assert status == 0
    verdict = output.split()[-1]
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(verdict, params={"wait": 20})).json()["outcome"] == "applied"
    assert (await terminal.event(one["id"]))["status"] == "retracted"
    assert (await terminal.run(*words, "0"))[0] == 1
    assert (await terminal.run("retract", one["id"]))[0] == 2
    assert (await terminal.run("retract", "--reason", "r"))[0] == 2
    assert (await terminal.run("retract", one["id"], "--batch", "x", "--reason", "r"))[0] == 2


async def test_a_load_is_undone_but_for_what_is_no_longer_its(terminal: Terminal) -> None:
    ours = events(620, countries=["AL", "ME"])
    (before,) = events(1, countries=["AL", "ME"])
    await terminal.post("earlier", before)
    await terminal.post("wrong:1", *ours)
    await terminal.post("wrong:1", {**before, "title": "wrongly so"}, existing="correct", reason="the feed")
    changed, withdrawn, twice = (event["id"] for event in ours[:3])
    await terminal.post("wrong:1", {**ours[2], "title": "again"}, existing="correct", reason="the feed")
    for path, body in (
        (
            f"/v1/events/{changed}/corrections",
            {"reason": "mended", "event": an_event("mended", countries=["AL", "ME"])},
        ),
        (f"/v1/events/{withdrawn}/retractions", {"reason": "false"}),
    ):
        async with httpx.AsyncClient(base_url=terminal.ingest_url, trust_env=False) as client:
            assert (await client.post(path, json=body)).status_code == 202
    await terminal.settled()
    undo = ("retract", "--batch", "wrong:1", "--reason", "the titles were wrong")
    status, _, complaints = await terminal.run(*undo)
    assert (status, "say --yes" in complaints) == (2, True)
    assert "619 events of 1 pairs say now: ALB-MNE 619" in complaints
    status, output, complaints = await terminal.run(*undo, "--yes")
    counts, *left = output.splitlines()
    assert (status, counts) == (1, "retracted 618, changed meanwhile 0, left 3"), complaints
    assert {tuple(line.split("\t")[:2]) for line in left} == {
        (changed, "changed since: revision 2"),
        (withdrawn, "retracted since"),
        (before["id"], "was there before the load, which has corrected it"),
    }
    titles = [item["title"] for item in (await terminal.stack.get("/v1/timelines/AL-ME"))["items"]]
    assert sorted(titles) == ["mended", "wrongly so"]
    assert (await terminal.event(twice))["status"] == "retracted"
    undone = await terminal.stack.get("/v1/batches/undo:wrong:1")
    assert undone["outcomes"] == {"applied": 618, "duplicate": 0, "rejected": 0, "parked": 0}
    status, output, _ = await terminal.run(*undo, "--yes")  # again: nothing is retracted twice
    assert (status, output.splitlines()[0]) == (1, "retracted 0, changed meanwhile 0, left 621")


async def test_a_load_that_nobody_touched_is_gone_without_rest(terminal: Terminal) -> None:
    await terminal.post("whole", *events(3, countries=["IS", "FO"]))
    run = await terminal.run("retract", "--batch", "whole", "--reason", "a trial", "--yes")
    assert run[:2] == (0, "retracted 3, changed meanwhile 0, left 0\n")
    assert (await terminal.stack.get("/v1/timelines/IS-FO"))["items"] == []


async def test_a_load_that_there_is_not_is_refused(terminal: Terminal) -> None:
    status, _, complaints = await terminal.run("retract", "--batch", "of-nobody", "--reason", "r", "--yes")
    assert (status, "no record names the load of-nobody" in complaints) == (1, True)
    status, _, complaints = await terminal.run(
        "retract", "--batch", "x", "--reason", "r", "--yes", "--timeline-url", "http://127.0.0.1:1"
    )
    assert (status, "out of reach" in complaints) == (3, True)
