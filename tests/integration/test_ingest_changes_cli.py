"""`ingest correct`, `ingest retract` and `ingest post` of loads, as people run them on all of the product."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.support.running.engines import Engines
from tests.support.running.ingest_terminals import Terminal, ingest_terminal, ndjson
from tests.support.running.ingesting import an_event


@pytest.fixture(scope="module")
async def terminal(engines: Engines) -> AsyncIterator[Terminal]:
    async with ingest_terminal(engines) as running:
        yield running


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
    assert run == (0, "recorded 2, refused 0\napplied 2, duplicate 0, rejected 0, parked 0\n", "")
    found = await terminal.event(one["id"])
    assert (found["title"], found["revision"]) == (f"{one['title']}, mended", 2)
    refused = tmp_path / "refused.ndjson"
    run = await terminal.run("correct", str(file), "--reason", "typos", "--refused", str(refused))
    assert run[:2] == (0, "recorded 2, refused 0\napplied 0, duplicate 2, rejected 0, parked 0\n")
    run = await terminal.run("correct", str(file), "--reason", "again", "--refused", str(refused))  # revision 1 is past
    words = "recorded 2, refused 0\napplied 0, duplicate 0, rejected 2, parked 0 (stale-revision 2)\n"
    assert run[:2] == (1, words)
    assert {json.loads(line)["original"]["event"]["id"] for line in refused.read_bytes().splitlines()} == {
        one["id"], other["id"],
    }  # fmt: skip
    assert (await terminal.event(one["id"]))["revision"] == 2
    correction = {"id": other["id"], "reason": "its own", "event": an_event("another", countries=["FR", "MT"])}
    assert (await terminal.run("correct", "-", stdin=json.dumps([correction], indent=1).encode()))[0] == 0
    assert (await terminal.event(other["id"]))["title"] == "another"
    status, output, complaints = await terminal.run("correct", "-", stdin=ndjson(correction, one))
    assert (status, output.splitlines()[0]) == (1, "recorded 1, refused 1")
    assert complaints.startswith("line 2: /reason")


async def test_one_event_is_retracted(terminal: Terminal) -> None:
    (one,) = events(1)
    await terminal.post("to-retract", one)
    words = ("retract", one["id"], "--reason", "it did not happen", "--expected-revision")
    status, output, _ = await terminal.run(*words, "1")
    assert status == 0
    *_, verdict, outcome = output.split()
    assert outcome == "applied"
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(verdict, params={"wait": 20})).json()["outcome"] == "applied"
    assert (await terminal.event(one["id"]))["status"] == "retracted"
    assert (await terminal.run(*words, "0"))[0] == 1
    status, _, complaints = await terminal.run("retract", one["id"], "--reason", "twice")
    assert (status, "already-retracted" in complaints) == (1, True)
    assert (await terminal.run("retract", one["id"], "--reason", "thrice", "--no-wait"))[0] == 0
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
    correction = {"reason": "mended", "event": an_event("mended", countries=["AL", "ME"])}
    for path, body in (
        (f"/v1/events/{changed}/corrections", correction),
        (f"/v1/events/{withdrawn}/retractions", {"reason": "false"}),
    ):
        async with httpx.AsyncClient(base_url=terminal.ingest_url, trust_env=False) as client:
            assert (await client.post(path, json=body)).status_code == 202
    await terminal.settled()
    undo = ("retract", "--batch", "wrong:1", "--reason", "the titles were wrong")
    status, _, complaints = await terminal.run(*undo)
    assert (status, "say --yes" in complaints) == (2, True)
    assert "619 events of 1 pair say now: ALB-MNE 619" in complaints
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
    undo = ("retract", "--batch", "whole", "--reason", "a trial")
    status, output, complaints = await terminal.asked(*undo, answer=b"n\n")
    assert (status, output) == (1, "")
    assert "Retract 3 events?" in complaints
    assert len((await terminal.stack.get("/v1/timelines/IS-FO"))["items"]) == 3
    run = await terminal.asked(*undo, answer=b"y\n")
    assert run[:2] == (0, "retracted 3, changed meanwhile 0, left 0\n")
    assert (await terminal.stack.get("/v1/timelines/IS-FO"))["items"] == []


async def test_a_load_that_there_is_not_is_refused(terminal: Terminal) -> None:
    status, _, complaints = await terminal.run("retract", "--batch", "of-nobody", "--reason", "r", "--yes")
    assert (status, "no record names the load of-nobody" in complaints) == (1, True)
    status, _, complaints = await terminal.run(
        "retract", "--batch", "x", "--reason", "r", "--yes", "--timeline-url", "http://127.0.0.1:1"
    )
    assert (status, "out of reach" in complaints) == (3, True)
