"""`timeline show` with its filters and formats, and `timeline watch`, on a running service."""

import asyncio
import csv
import io
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import icalendar
import pytest
from tests.support.clients.terminals import at_a_terminal, plain_text, timeline
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.processes import Service
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        events = [
            recording("Ban on apps", "2020-06", ["IN", "CN"], type="ban", initiators=["IN"], tags=["apps"]),
            recording("Talks", "2021", ["IN", "CN"], type="negotiation", actors=["Alibaba.com"], domain="trade"),
            recording("Treaty", "2022", ["IN", "CN"], type="agreement", summary="On rivers.", stage="in_force"),
            recording("A mistake", "2023", ["IN", "CN"], type="statement"),
        ]
        await running.get("/v1/status", await running.append(*events, retracting(events[-1].event_id)))
        yield running


@pytest.mark.parametrize(
    ("options", "titles"),
    [
        ("--type ban --type agreement", ["Ban on apps", "Treaty"]),
        ("--valence cooperative --order desc", ["Treaty", "Talks"]),
        ("--domain trade", ["Talks"]),
        ("--stage in_force", ["Treaty"]),
        ("--tag apps", ["Ban on apps"]),
        ("--actor alibaba.COM", ["Talks"]),
        ("--initiator India", ["Ban on apps"]),
        ("--q rivers", ["Treaty"]),
        ("--min-sources 1", []),
        ("--from 2021 --to 2022 --match within", ["Talks", "Treaty"]),
        ("--include-retracted --from 2022", ["Treaty", "A mistake"]),
        ("--include retracted --from 2022 --order desc --limit 1", ["A mistake"]),
        ("--as-of 2020-01-01T00:00:00Z", []),
    ],
)
async def test_show_takes_every_filter(stack: TimelineStack, options: str, titles: list[str]) -> None:
    status, output, complaints = await timeline("show", "IN", "CN", *options.split(), "--url", url_of(stack))
    assert (status, complaints) == (0, "")
    assert [line.split("\t")[3] for line in output.splitlines()] == titles


async def test_show_writes_every_format(stack: TimelineStack) -> None:
    async def shown(form: str) -> str:
        status, output, complaints = await timeline("show", "IN", "CN", "--format", form, "--url", url_of(stack))
        assert (status, complaints) == (0, "")
        return output

    titles = ["Ban on apps", "Talks", "Treaty"]
    assert [row["title"] for row in csv.DictReader(io.StringIO(await shown("csv")))] == titles
    assert [json.loads(line)["title"] for line in (await shown("ndjson")).splitlines()] == titles
    assert [item["title"] for item in json.loads(await shown("json"))["items"]] == titles
    events = icalendar.Calendar.from_ical(await shown("ics")).walk("VEVENT")
    assert [str(event["SUMMARY"]) for event in events] == titles
    assert (await shown("atom")).count("<entry>") == 3
    assert len(json.loads(await shown("timelinejs.json"))["events"]) == 3
    assert (await timeline("show", "IN", "CN", "--format", "xlsx"))[0] == 2


async def test_show_in_two_formats_or_by_a_wrong_value_is_refused(stack: TimelineStack) -> None:
    async def complaint(*options: str) -> tuple[int, str]:
        status, output, complaints = await timeline("show", "IN", "CN", *options, "--url", url_of(stack))
        assert output == ""
        return status, complaints

    assert (await complaint("--json", "--format", "csv"))[0] == 2
    assert "overlaps" in (await complaint("--match", "inside"))[1]
    assert await complaint("--valence", "hostile", "--format", "csv") == await complaint("--valence", "hostile")
    status, words = await complaint("--type", "bann")
    assert (status, "did you mean ban" in words) == (1, True)


async def test_a_retracted_event_is_said_to_be(stack: TimelineStack) -> None:
    words = ("show", "IN", "CN", "--include-retracted", "--url", url_of(stack))
    shown = await at_a_terminal(*words, columns=100)
    assert "A mistake  retracted · statement" in plain_text(shown)
    assert "\x1b[9mA mistake" in shown
    assert (
        plain_text(shown).splitlines()[-1].rstrip()
        == "4 events  + 2 cooperative  · 1 neutral  − 1 conflictual  1 retracted"
    )
    _, output, _ = await timeline(*words)
    assert [line.split("\t")[5:] for line in output.splitlines()] == [[], [], [], ["retracted"]]


async def test_a_terminal_without_colours_shows_the_same(stack: TimelineStack) -> None:
    words = ("show", "IN", "CN", "--url", url_of(stack))
    shown = await at_a_terminal(*words, columns=100, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3\dm", shown)
    assert plain_text(shown) == plain_text(await at_a_terminal(*words, columns=100))


async def test_dates_that_do_not_read_by_themselves_are_said_in_words(stack: TimelineStack) -> None:
    dates = {
        "2020-06-29": None,
        "2020-06/2020-11": None,
        "2020/..": "from 2020 on",
        "2020-21": "spring 2020",
        "201X": "the 2010s",
        "2021-06?": "June 2021, uncertain",
    }
    events = [recording(f"of {when}", when, ["FI", "NO"], type="visit") for when in dates]
    await stack.get("/v1/status", await stack.append(*events))
    shown = plain_text(await at_a_terminal("show", "FI", "NO", "--url", url_of(stack), columns=100))
    lines = {line.split()[0]: line for line in shown.splitlines()}
    for when, words in dates.items():
        said = f"{words} · visit" if words else "visit"
        assert re.fullmatch(rf"{re.escape(when)} +\+ of {re.escape(when)}  {said} *", lines[when])


async def test_a_long_timeline_is_shown_whole(stack: TimelineStack) -> None:
    events = [recording(f"number {n}", "2020", ["FR", "DE"]) for n in range(1_201)]
    await stack.get("/v1/status", await stack.append(*events))
    words = ("show", "FR", "DE", "--url", url_of(stack))
    ids = [event.event_id for event in events]
    _, output, _ = await timeline(*words)
    assert [line.split("\t")[4] for line in output.splitlines()] == ids
    body = json.loads((await timeline(*words, "--json"))[1])
    assert ([item["id"] for item in body["items"]], body["next"], body["pair"]) == (ids, None, "DEU-FRA")
    body = json.loads((await timeline(*words, "--format", "json", "--limit", "1100", "--order", "desc"))[1])
    assert [item["id"] for item in body["items"]] == ids[:100:-1]
    assert body["next"]
    body = json.loads((await timeline(*words, "--json", "--from", "2024"))[1])
    assert (body["items"], body["next"]) == ([], None)
    shown = plain_text(await at_a_terminal(*words, columns=80))
    assert [line for line in shown.splitlines() if "number" not in line][-1].startswith("1201 events")


async def test_watch_tells_what_happens_until_interrupted(stack: TimelineStack) -> None:
    async with watching("IN", "PK", "--url", url_of(stack)) as watch:
        event = recording("Visit", "2024", ["IN", "PK"], type="visit")
        await stack.append(event, recording("elsewhere", "2024", ["FR", "DE"]))
        await stack.append(correcting(event.event_id, "Visit of state", "2024-02", ["IN", "PK"], type="visit"))
        await stack.append(correcting(event.event_id, "Visit", "2024-02", ["IN", "LK"], type="visit"))
        lines = [(await watch.line()).split("\t") for _ in range(3)]
        assert [line[1:4] for line in lines] == [
            ["recorded", "2024", "Visit"],
            ["corrected", "2024-02", "Visit of state"],
            ["left", "2024-02", "Visit"],
        ]
        watch.process.send_signal(signal.SIGINT)
        assert await watch.process.wait() == 0
        assert await watch.complaints() == ""


async def test_watch_ends_after_so_many_events_and_gives_json(stack: TimelineStack) -> None:
    async with watching("--country", "Peru", "--limit", "1", "--json", "--url", url_of(stack)) as watch:
        await stack.append(recording("Summit", "2024", ["PE", "CL"]))
        told = json.loads(await watch.line())
        assert (told["event"], told["data"]["event"]["title"]) == ("applied", "Summit")
        assert await watch.process.wait() == 0


async def test_watch_goes_on_after_a_cut(stack: TimelineStack) -> None:
    service: Service = await stack.services.timeline("restarted")
    async with watching("MA", "DZ", "--url", service.url) as watch:
        await stack.append(recording("before", "2024", ["MA", "DZ"]))
        assert "before" in await watch.line()
        await service.kill()
        await stack.append(recording("meanwhile", "2024", ["MA", "DZ"]))
        service.start()
        assert "meanwhile" in await watch.line()
        await stack.append(recording("after", "2024", ["MA", "DZ"]))
        assert "after" in await watch.line()
        watch.process.send_signal(signal.SIGINT)
        await watch.process.wait()
        assert "trying again" in await watch.complaints()


async def test_watch_comes_back_to_a_log_without_records(engines: Engines) -> None:
    async with timeline_stack(engines) as empty:
        service: Service = await empty.services.timeline("restarted")
        async with watching("--url", service.url) as watch:
            await service.kill()
            service.start()
            await wait_until(lambda: listened_to(service.url, by=1))
            await empty.append(recording("the first", "2024"))
            assert "the first" in await watch.line()


async def test_watch_at_a_terminal_fits_it(stack: TimelineStack) -> None:
    title = "A meeting " + "of many people " * 10
    url = url_of(stack)
    await wait_until(lambda: listened_to(url, by=0))
    watch = asyncio.create_task(at_a_terminal("watch", "SE", "DK", "--limit", "2", "--url", url, columns=60))
    await wait_until(lambda: listened_to(url, by=1))
    event = recording(title, "2024-05", ["SE", "DK"], type="visit")
    await stack.append(event, retracting(event.event_id))
    shown = await watch
    lines = plain_text(shown).splitlines()
    assert max(map(len, lines)) <= 60
    assert re.match(r"\d\d:\d\d:\d\dZ recorded   \+ 2024-05 A meeting of many", lines[0])
    assert event.event_id in "".join(lines)
    assert any(re.match(r"\d\d:\d\d:\d\dZ retracted  \+ 2024-05 A meeting of many", line) for line in lines)
    assert "\x1b[9mA meeting" in shown


async def test_watch_tells_of_every_verdict(stack: TimelineStack) -> None:
    async with watching("--limit", "4", "--url", url_of(stack)) as watch:
        event = recording("Once", "2024", ["IS", "NO"])
        await stack.append(event, event, recording("Another", "2025", ["IS", "NO"], event_id=event.event_id))
        await stack.log.append_bytes(b"key", b"no event")
        lines = [(await watch.line()).split("\t") for _ in range(4)]
        assert sorted(line[1] for line in lines) == ["duplicate", "recorded", "rejected", "rejected"]
        assert any(line[3].endswith("(conflict)") for line in lines)
        assert await watch.process.wait() == 0


async def test_watch_says_by_its_status_what_went_wrong(stack: TimelineStack) -> None:
    url = url_of(stack)
    assert (await timeline("watch", "IN", "--url", url))[0] == 2
    assert (await timeline("watch", "IN", "CN", "--country", "IN", "--url", url))[0] == 2
    assert (await timeline("watch", "IN", "Atlantis", "--url", url))[0] == 1
    assert (await timeline("watch", "--country", "Atlantis", "--url", url))[0] == 1
    assert (await timeline("watch", "--url", "http://127.0.0.1:1"))[0] == 3


class Watch:
    """A `timeline watch` that runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line that it writes."""
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), 30)).decode().rstrip()

    async def complaints(self) -> str:
        """What it has said on standard error, once it has ended."""
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()


@asynccontextmanager
async def watching(*words: str, **environment: str) -> AsyncIterator[Watch]:
    """Run `timeline watch`; the block begins when it listens."""
    url = words[words.index("--url") + 1]
    await wait_until(lambda: listened_to(url, by=0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "timeline_service.cli", "watch", *words),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )

    try:
        await wait_until(lambda: listened_to(url, by=1))
        yield Watch(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def listened_to(url: str, by: int) -> bool:
    """Whether a service answers, and so many listen to it, as its metrics say."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        try:
            text = (await client.get("/metrics")).text
        except httpx.TransportError:
            return False
    (line,) = (line for line in text.splitlines() if line.startswith("dyadline_live_listeners "))
    return float(line.split()[1]) == by


def url_of(stack: TimelineStack) -> str:
    return str(stack.client.base_url)
