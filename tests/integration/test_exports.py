"""Every format over HTTP, read back by parsers of others, and held against the JSON of the same selection."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, Final

import feedparser
import httpx
import icalendar
import pytest
from tests.support.clients.format_readers import TIMELINEJS_SCHEMA, as_a_reader_repairs_it, cell_means
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from event_schemas.dates import parse_when
from timeline_service.domain.date_words import say_when

Event = dict[str, Any]
#: Each suffix, by what it is asked for in Accept, and what it comes as.
MEDIA_TYPES: Final = {
    "json": ("application/json", "application/json"),
    "csv": ("text/csv", "text/csv; charset=utf-8; header=present"),
    "ndjson": ("application/x-ndjson", "application/x-ndjson"),
    "ics": ("text/calendar", "text/calendar; charset=utf-8"),
    "atom": ("application/atom+xml", "application/atom+xml; charset=utf-8"),
    "timelinejs.json": ("application/vnd.timelinejs+json", "application/json"),
}
PATHS: Final = ("/v1/timelines/CHN-IND", "/v1/events")
STREAMED: Final = ("csv", "ndjson", "ics", "timelinejs.json")
#: What formats and their readers stumble over.
SHELF: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ('=cmd|"/c calc"!A1', "2020-06-29", {"summary": "@SUM(1)\tand\n+1,\r\n-2;\n\nEND:VEVENT", "goldstein": -10}),
    ("-4.5, +49; \\n 'quoted' \"twice\"", "2020", {"tags": ["a;b", "c,d", "=1"], "codes": {"cameo": "=1+1"}}),
    ("<script>alert('&amp;')</script> ]]> &", "2020/..", {"summary": "</p><b>bold</b>\u2028next", "domain": "aid"}),
    ("आम 漢字 👩\u200d👧 é ç " * 8, "../2019", {"actors": ["São Paulo Câmara", {"name": '"A", B', "country": "BR"}]}),
    ("season", "2020-24~", {"stage": "in_force", "goldstein": 0.1}),
    ("decade", "201X?", {"initiators": ["IN"], "attributes": {"n": [1, None, -0.5, "=x"], "größe": {"": True}}}),
    ("interval", "2020-06-29/2021-XX%", {"countries": ["IN", "CN", "PK"], "valence": "neutral"}),
    (
        "sources",
        "0001-01-01",
        {
            "sources": [
                {"url": "https://example.org/?a=1&b='2',c;d", "title": 'The "Report" <1>', "published": "2020~"},
                {"url": "http://example.org/x", "publisher": "Paper, Inc."},
            ]
        },
    ),
    ("the last day", "9998-11-30", {"summary": "x" * 10_000}),
    ("unknown end", "2020-06-29/", {"type": "visit"}),
]


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A stack with the shelf, one event corrected, one retracted, one of another pair; all of it searchable."""
    async with timeline_stack(engines) as running:
        events = [recording(title, when, **fields) for title, when, fields in SHELF]
        corrected, retracted = recording("corrected", "2021"), recording("=retracted", "2021")
        position = await running.append(
            *events,
            corrected,
            retracted,
            recording("elsewhere", "2020", ["FR", "DE"]),
            correcting(corrected.event_id, "=corrected", "2021-02"),
            retracting(retracted.event_id),
        )
        await running.get("/v1/events", position)
        yield running


async def read(stack: TimelineStack, url: str, **headers: str) -> httpx.Response:
    """A 200."""
    answer = await stack.client.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def check_json(raw: bytes, events: list[Event]) -> None:
    assert json.loads(raw)["items"] == events


def check_csv(raw: bytes, events: list[Event]) -> None:
    assert raw.endswith(b"\r\n")
    rows = list(csv.DictReader(io.StringIO(raw.decode(), newline=""), strict=True))
    for row, event in zip(rows, events, strict=True):
        assert list(row) == list(rows[0])
        assert row.keys() == event.keys() - {"snippet"}
        for name, cell in row.items():
            assert cell_means(name, cell, event[name]), (name, cell)
            assert cell[:1] not in set("=+-@\t\r") or name == "goldstein"


def check_ndjson(raw: bytes, events: list[Event]) -> None:
    assert [json.loads(line) for line in raw.split(b"\n")[:-1]] == events


def check_ics(raw: bytes, events: list[Event]) -> None:
    calendar = icalendar.Calendar.from_ical(raw)
    assert isinstance(calendar, icalendar.Calendar)
    assert calendar.errors == []
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    for component, event in zip(calendar.events, events, strict=True):
        assert component.errors == []
        assert component["UID"] == f"{event['id']}@dyadline"
        assert component["SUMMARY"] == event["title"]
        assert component["SEQUENCE"] == event["revision"] - 1
        assert component["STATUS"] == ("CONFIRMED" if event["status"] == "current" else "CANCELLED")
        when = parse_when(event["when"])
        assert (when.earliest or when.latest) == component.DTSTART
        assert ("DTEND" in component) == (when.latest is not None)
        if when.latest is not None:
            assert when.latest + timedelta(days=1) == component.DTEND
        if when.precision != "day" or when.approximate or when.uncertain:
            assert say_when(when) in str(component["DESCRIPTION"])


def check_atom(raw: bytes, events: list[Event]) -> None:
    feed = feedparser.parse(raw, sanitize_html=False, resolve_relative_uris=False)
    assert feed.bozo is False
    for entry, event in zip(feed.entries, events, strict=True):
        assert entry.id == f"urn:uuid:{event['id']}"
        assert entry.title == as_a_reader_repairs_it(event["title"])
        assert (entry.updated, entry.published) == (event["revised_at"], event["recorded_at"])
        assert say_when(parse_when(event["when"])) in entry.content[0].value


def check_timelinejs(raw: bytes, events: list[Event]) -> None:
    document = json.loads(raw)
    TIMELINEJS_SCHEMA.validate(document)
    for slide, event in zip(document["events"], events, strict=True):
        assert slide["unique_id"] == event["id"]
        when = parse_when(event["when"])
        start = when.earliest or when.latest
        assert start is not None
        assert slide["start_date"]["year"] == start.year
        assert ("month" in slide["start_date"]) == (when.precision not in {"year", "decade", "interval"}) or (
            when.precision == "interval"
        )


CHECKS: Final[dict[str, Callable[[bytes, list[Event]], None]]] = {
    "json": check_json, "csv": check_csv, "ndjson": check_ndjson, "ics": check_ics, "atom": check_atom,
    "timelinejs.json": check_timelinejs,
}  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("form", MEDIA_TYPES)
@pytest.mark.parametrize("query", ["", "?include=retracted&order=desc", "?q=sources%20or%20decade", "?q=nothing"])
async def test_every_format_holds_the_events_of_the_json(
    stack: TimelineStack, path: str, form: str, query: str
) -> None:
    own_order = {"order": "newest"} if form == "atom" else {}
    url = httpx.URL(f"{path}{query}")
    events = (
        await read(stack, str(url.copy_with(params={**own_order, **url.params})), accept="application/json")
    ).json()["items"]
    assert (len(events) > 1) == (query != "?q=nothing")
    asked_for, media_type = MEDIA_TYPES[form]
    by_suffix = await read(stack, f"{path}.{form}{query}", accept="image/png")  # the suffix has been asked for
    by_accept = await read(stack, f"{path}{query}", accept=f"{asked_for}, image/png;q=0.5")
    for answer in (by_suffix, by_accept):
        assert answer.headers["content-type"] == media_type
        assert answer.headers["cache-control"] == "no-cache"
        assert {"accept", "accept-encoding"} <= {word.strip().lower() for word in answer.headers["vary"].split(",")}
        assert answer.headers["timeline-position"]
        CHECKS[form](answer.content, events)


@pytest.mark.parametrize("path", PATHS)
async def test_a_format_that_there_is_not_is_refused_with_those_that_there_are(stack: TimelineStack, path: str) -> None:
    for url, accept in ((f"{path}.xml", "*/*"), (f"{path}.CSV?q=a", "*/*"), (path, "image/png")):
        problem = await stack.refusal(url, accept=accept)
        assert (problem["status"], problem["type"]) == (406, "/problems/not-acceptable"), url
        for form, (media_type, _) in MEDIA_TYPES.items():
            assert f".{form}" in problem["detail"]
            assert accept == "*/*" or media_type in problem["detail"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("form", MEDIA_TYPES)
async def test_gzip_holds_the_same_bytes_under_a_tag_of_its_own(stack: TimelineStack, path: str, form: str) -> None:
    url = f"{path}.{form}"
    plain = await read(stack, url, **{"accept-encoding": "identity"})
    packed = await read(stack, url, **{"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert not packed.headers["etag"].startswith("W/")
    for answer, coding in ((plain, "identity"), (packed, "gzip")):
        headers = {"accept-encoding": coding, "if-none-match": f'"other", {answer.headers["etag"]}'}
        again = await stack.client.get(url, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        for name in ("etag", "vary", "cache-control"):
            assert again.headers[name] == answer.headers[name]
        head = await stack.client.head(url, headers={"accept-encoding": coding})
        assert (head.status_code, head.content) == (200, b"")
        for name in ("etag", "content-type", "content-encoding", "vary", "cache-control", "timeline-position", "link"):
            assert head.headers.get(name) == answer.headers.get(name), name


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("form", ["json", "atom"])
async def test_json_and_atom_come_in_pages_that_hold_everything_once(
    stack: TimelineStack, path: str, form: str
) -> None:
    position = await stack.append(recording("before the first page", "2020"))
    order = "newest" if form == "atom" else "asc"
    wanted = (await stack.get(f"{path}.json?limit=1000&include=retracted&order={order}", position))["items"]
    url, pages = f"{stack.client.base_url}{path}.{form}?limit=4&include=retracted", []
    while url:
        answer = await read(stack, url)
        pages.append(answer)
        await stack.append(recording("meanwhile", "2020"))
        url = answer.links["next"]["url"] if "next" in answer.links else ""
    assert len(pages) == -(-len(wanted) // 4)
    if form == "json":
        assert [event for page in pages for event in page.json()["items"]] == wanted
        return
    feeds = [feedparser.parse(page.content, sanitize_html=False) for page in pages]
    assert [entry.id for feed in feeds for entry in feed.entries] == [f"urn:uuid:{event['id']}" for event in wanted]
    assert len({(feed.feed.id, feed.feed.title) for feed in feeds}) == 1
    for page, feed in zip(pages, feeds, strict=True):
        linked = {link.rel: link.href for link in feed.feed.links}
        assert linked["self"] == str(page.url)
        assert linked["first"] == str(pages[0].url)
        assert linked.get("next") == page.links.get("next", {}).get("url")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("form", STREAMED)
async def test_the_others_hold_the_whole_selection_unless_a_limit_is_given(
    stack: TimelineStack, path: str, form: str
) -> None:
    position = await stack.append(*(recording(f"many {n}", "2022", summary="word " * n) for n in range(60)))
    query = "?from=2022&to=2022&match=within"
    whole = await stack.client.get(f"{path}.{form}{query}", headers={"timeline-position": position})
    assert "link" not in whole.headers
    wanted = (await read(stack, f"{path}{query}&limit=1000")).json()["items"]
    assert len(wanted) >= 60
    CHECKS[form](whole.content, wanted)
    url, start = f"{path}.{form}{query}&limit=50", 0
    while url:
        page = await read(stack, url)
        CHECKS[form](page.content, wanted[start : start + 50])
        start += 50
        url = page.links["next"]["url"] if "next" in page.links else ""
    assert len(wanted) <= start < len(wanted) + 50
    cursor = (await read(stack, f"{path}{query}&limit=7")).json()["next"]
    rest = await read(stack, f"{path}.{form}?cursor={cursor}")
    CHECKS[form](rest.content, wanted[7:])


async def test_the_best_of_a_search_comes_in_every_format(stack: TimelineStack) -> None:
    query = "?q=decade%20or%20sources&order=relevance"
    wanted = (await read(stack, f"/v1/events{query}")).json()["items"]
    for form, check in CHECKS.items():
        check((await read(stack, f"/v1/events.{form}{query}")).content, wanted)


async def test_the_past_comes_in_every_format(stack: TimelineStack) -> None:
    event = recording("yesterday", "2020", ["CU", "MX"])
    position = await stack.append(event)
    before = await stack.get("/v1/timelines/CU-MX", position)
    position = await stack.append(correcting(event.event_id, "after", "2021", ["CU", "MX"]))
    await stack.get("/v1/timelines/CU-MX", position)
    for path in ("/v1/timelines/CUB-MEX", "/v1/events"):
        for form, check in CHECKS.items():
            url = f"{path}.{form}?q=yesterday&as_of={before['items'][0]['recorded_at']}"
            items = [{**item, "snippet": "<mark>yesterday</mark>"} for item in before["items"]]
            raw = (await read(stack, url)).content
            check(raw, items)


async def test_the_title_says_what_is_held(stack: TimelineStack) -> None:
    for url, title in (
        ("/v1/timelines/IN-CN.atom", "China – India"),
        ("/v1/events.atom", "Events: all"),
        (
            "/v1/events.atom?tag=a;b&country=IN&country=China&limit=1&min_position=0:0&order=desc",
            "Events: country IN, country China, tag a;b",
        ),
    ):
        assert feedparser.parse((await read(stack, url)).content).feed.title == title
