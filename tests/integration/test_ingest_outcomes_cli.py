"""What became of it: `ingest post` and `ingest import` end with the outcomes of their own records, and of no others."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.support.clients.terminals import terminal as at_terminal
from tests.support.inputs.gdelt_files import gdelt_row
from tests.support.inputs.log_writing import recording
from tests.support.running.engines import Engines
from tests.support.running.free_ports import free_port
from tests.support.running.ingest_terminals import Terminal, ingest_terminal, ndjson
from tests.support.running.ingesting import an_event
from tests.support.running.silence import never_answering
from tests.support.waiting import wait_until

from event_schemas.records import encode_value
from ingest_service.cli.complaints import Complaints
from ingest_service.cli.parts import Part, Receipt
from ingest_service.cli.refusals import SendingError
from ingest_service.cli.services import Service
from ingest_service.cli.settling import Settlement
from ingest_service.importing.drafts import Unwatched
from ingest_service.importing.tally import Tally
from service_edge.terminal import ExitStatus


@pytest.fixture(scope="module")
async def terminal(engines: Engines) -> AsyncIterator[Terminal]:
    async with ingest_terminal(engines) as running:
        yield running


def events(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [an_event(f"event {number}", id=str(uuid4()), **fields) for number in range(count)]


def settled(applied: int, duplicate: int = 0, rejected: int = 0, problems: str = "") -> str:
    return f"applied {applied}, duplicate {duplicate}, rejected {rejected}, parked 0{problems}"


async def test_a_post_ends_with_what_became_of_its_own_records(terminal: Terminal, tmp_path: Path) -> None:
    known, withdrawn = events(2)
    await terminal.post("before", known, withdrawn)
    assert (await terminal.run("retract", withdrawn["id"], "--reason", "false"))[0] == 0
    file, refused = tmp_path / "events.ndjson", tmp_path / "refused.ndjson"
    otherwise = {**known, "title": "in other words"}
    (fresh,) = events(1)
    file.write_bytes(b"\n" + ndjson(fresh, known, otherwise, {"title": "no event"}, fresh) + b"{\n")
    status, output, complaints = await terminal.run("post", str(file), "--refused", str(refused))
    assert (status, output.splitlines()) == (
        1,
        ["recorded 4, refused 2", settled(1, 2, 1, " (conflict 1)")],
    )
    assert [line.partition(":")[0] for line in complaints.splitlines() if line.startswith("line")] == [
        "line 5", "line 7", "line 4",
    ]  # fmt: skip
    listed = [json.loads(line) for line in refused.read_bytes().splitlines()]
    assert [(line["place"], line["original"]) for line in listed] == [
        ("line 5", {"title": "no event"}),
        ("line 7", "{"),
        ("line 4", otherwise),
    ]
    assert "rejected at" in listed[2]["reason"]
    assert "conflict, its event is recorded in other words" in listed[2]["reason"]
    terms = ("--existing", "correct", "--reason", "the feed says so")
    status, output, complaints = await terminal.run("post", "-", *terms, stdin=ndjson(otherwise, withdrawn, fresh))
    assert (status, output.splitlines()[1]) == (1, settled(1, 1, 1, " (retracted 1)")), complaints


async def test_a_post_that_does_not_wait_says_what_was_recorded(terminal: Terminal) -> None:
    (one,) = events(1)
    for _ in range(2):
        run = await terminal.run("post", "-", "--no-wait", stdin=ndjson(one, {**one, "title": "other words"}))
        assert run == (0, "recorded 2, refused 0\n", "")


async def test_programs_are_told_line_by_line(terminal: Terminal) -> None:
    (one,) = events(1)
    body = ndjson(one, {**one, "title": "other words"}, {})
    status, output, complaints = await terminal.run("post", "-", "--json", stdin=body)
    refused, rejected, summary = map(json.loads, output.splitlines())
    assert (status, complaints) == (1, "")
    assert (refused["line"], refused["problem"]["status"]) == (3, 422)
    assert (rejected["line"], rejected["outcome"], rejected["problem"]) == (2, "rejected", "conflict")
    assert summary["outcomes"] == {
        "applied": 1, "duplicate": 0, "rejected": 1, "parked": 0, "problems": {"conflict": 1},
    }  # fmt: skip
    assert rejected["position"] in summary["timeline_position"].split(",")


async def test_a_batch_name_that_is_used_again_counts_what_this_run_brought(terminal: Terminal) -> None:
    ours = events(30)
    for brought in (settled(30), settled(0, 30)):
        run = await terminal.run("post", "-", "--batch", "again", stdin=ndjson(*ours))
        assert (run[0], run[1].splitlines()[1]) == (0, brought)
    assert (await terminal.stack.get("/v1/batches/again"))["outcomes"]["applied"] == 30


async def test_what_others_post_meanwhile_is_not_counted(terminal: Terminal) -> None:
    (shared,) = events(1)
    await terminal.post("shared", shared)
    theirs, ours = ([*events(11_000), {**shared, "title": name}] for name in ("theirs", "ours"))
    found = await asyncio.gather(*(terminal.run("post", "-", stdin=ndjson(*each)) for each in (theirs, ours)))
    for status, output, complaints in found:
        words = ["recorded 11001, refused 0", settled(11_000, 0, 1, " (conflict 1)")]
        assert (status, output.splitlines()) == (1, words)
        assert complaints.startswith("line 11001: rejected at ")


async def test_parked_records_are_counted_and_not_taken_for_refused(terminal: Terminal) -> None:
    parked = recording("from the future")
    unknown = encode_value(parked).replace(b"recorded.v2", b"recorded.v9")
    await terminal.stack.log.append_bytes(parked.event_id.encode(), unknown)
    status, output, _ = await terminal.run("post", "-", stdin=ndjson(an_event("behind it", id=parked.event_id)))
    words = "applied 0, duplicate 0, rejected 0, parked 1 (behind-parked 1)"
    assert (status, output.splitlines()[1]) == (0, words)


async def test_an_import_tells_row_by_row_what_became_of_it(terminal: Terminal, tmp_path: Path) -> None:
    file, refused = tmp_path / "day.export.CSV", tmp_path / "refused.ndjson"
    rows = [gdelt_row(901), gdelt_row(902), gdelt_row(903, "IND"), gdelt_row(904, "AFR")]
    file.write_text("".join(f"{row}\n" for row in rows))
    words = ("import", "gdelt", str(file), "--refused", str(refused))
    status, output, _ = await terminal.run(*words)
    assert (status, output.splitlines()) == (
        0,
        ["4 rows", "  3 applied, as 2 events", "  1 dropped: an actor is a region, not a country"],
    )
    status, output, complaints = await terminal.run(*words, "--apart", "--json")
    told = json.loads(output)  # the merged event is recorded in other words, and one row was no event of its own before
    assert (status, told["outcomes"]) == (
        1,
        {"applied": 1, "duplicate": 1, "rejected": 1, "parked": 0, "problems": {"conflict": 1}},
    )
    assert told["recorded"] == {"events": 3, "rows": 3}
    assert "day.export.CSV:1: rejected at" in complaints
    assert json.loads(refused.read_bytes())["original"]["codes"]["gdelt"] == "901"


async def test_where_the_timeline_service_is_away_the_positions_are_named(terminal: Terminal) -> None:
    (one,) = events(1)
    body = ndjson(one, {**one, "title": "other words"})
    away = f"http://127.0.0.1:{free_port()}"
    status, output, complaints = await terminal.run("post", "-", "--timeline-url", away, stdin=body)
    assert (status, output) == (3, "")
    assert complaints.startswith(f"recorded 2, refused 0. {away} is out of reach")
    assert "nothing has to be posted again" in complaints
    address = complaints.split(f"{away}/")[1].split()[0]
    position = complaints.split("they are at ")[1].split()[0].rstrip(",")
    found = await terminal.stack.get(f"/{address}", position)
    assert [item["problem"] for item in found["items"] if item["event_id"] == one["id"]] == ["conflict"]


async def test_programs_are_told_what_was_recorded_where_the_timeline_service_is_away(terminal: Terminal) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    body = ndjson(*events(2)) + b"{}\n"
    status, output, complaints = await terminal.run("post", "-", "--json", "--timeline-url", away, stdin=body)
    refused, told = map(json.loads, output.splitlines())
    assert (status, refused["line"]) == (3, 3)
    position = told.pop("timeline_position")
    assert told == {"recorded": 2, "refused": 1, "unknown": 0}
    assert f"they are at {position}," in complaints


async def test_whoever_interrupts_the_waiting_is_told_the_positions(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(ndjson(*events(3)))
    with never_answering() as url:
        urls = {"INGEST_URL": terminal.ingest_url, "TIMELINE_URL": url}
        async with at_terminal("post", str(file), columns=100, module="ingest_service.cli", **urls) as shown:
            await wait_until(lambda: "waiting for the projection" in shown.text)
            shown.process.send_signal(signal.SIGINT)
            assert await shown.ended() == ExitStatus.INTERRUPTED
    assert "recorded 3, refused 0. interrupted before it was known what became of the records" in shown.text
    assert f"and {url}/v1/records?since=" in shown.text


async def test_a_timeline_service_of_another_log_is_not_believed(engines: Engines) -> None:
    async with ingest_terminal(engines) as other, ingest_terminal(engines) as terminal:
        await other.post("much", *events(200))  # beyond all positions of the first log
        url = str(other.stack.client.base_url)
        status, _, complaints = await terminal.run("post", "-", "--timeline-url", url, stdin=ndjson(*events(3)))
    assert status == 3
    assert "shows another log" in complaints, complaints


async def test_a_projection_that_stands_still_is_not_waited_for_without_end(engines: Engines, tmp_path: Path) -> None:
    async with ingest_terminal(engines) as terminal:
        (projector,) = [service for service in terminal.stack.services.all if service.process.name == "projector"]
        await projector.terminate()
        (one,) = events(1)
        async with httpx.AsyncClient(base_url=terminal.ingest_url, trust_env=False) as client:
            position = (await client.post("/v1/events", json=one)).json()["position"]
        tally, receipt = Tally(recorded=1), Receipt.of(position, one["id"], 1, Part(b"{}", "line 1"))

        def settle() -> None:
            with (
                Complaints(None) as complaints,
                Settlement(Service(str(terminal.stack.client.base_url)), tally, complaints, patience=0) as settlement,
            ):
                settlement.add([receipt])
                settlement.finish(Unwatched())

        with pytest.raises(SendingError, match="stands still") as found:
            await asyncio.to_thread(settle)
        assert found.value.status is ExitStatus.OUT_OF_REACH
        assert position in str(found.value)
        projector.start()
        await asyncio.to_thread(settle)
        assert tally.outcomes()["applied"] == 1


async def test_at_a_terminal_it_is_shown_that_the_projection_is_waited_for(engines: Engines, tmp_path: Path) -> None:
    async with ingest_terminal(engines) as running:
        (projector,) = [service for service in running.stack.services.all if service.process.name == "projector"]
        await running.post("to-begin-with", *events(1))
        projector.signal(signal.SIGSTOP)
        file = tmp_path / "events.ndjson"
        file.write_bytes(ndjson(*events(3)))
        urls = {"INGEST_URL": running.ingest_url, "TIMELINE_URL": str(running.stack.client.base_url)}
        async with at_terminal("post", str(file), columns=100, module="ingest_service.cli", **urls) as shown:
            await wait_until(lambda: "waiting for the projection" in shown.text)
            projector.signal(signal.SIGCONT)
            assert await shown.ended() == 0
            assert [line for line in shown.lines if line][-2:] == ["recorded 3, refused 0", settled(3)]
