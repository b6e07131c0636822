import json
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.clients.format_readers import TIMELINEJS_SCHEMA
from tests.support.inputs.event_strategies import event_views, one_event

from event_schemas.dates import parse_when
from timeline_service.domain.date_words import say_when
from timeline_service.formats import FORMATS, FormatContext
from timeline_service.queries.views.events import EventView

TIMELINEJS = FORMATS["timelinejs.json"]
BASE = "http://127.0.0.1:8002"
DOCUMENT = FormatContext("China – <India>", f"{BASE}/v1/timelines/CHN-IND.timelinejs.json", BASE)
HISTORY = f'<p><a href="{BASE}/events/1b4e28ba-2fa1-51d2-883f-0016d3cca427">History</a></p>'


def read(raw: bytes) -> dict[str, Any]:
    value = json.loads(raw)
    TIMELINEJS_SCHEMA.validate(value)
    assert isinstance(value, dict)
    return value


def written(events: list[EventView], document: FormatContext = DOCUMENT) -> bytes:
    return TIMELINEJS.begin(document) + TIMELINEJS.write(document, events, first=True) + TIMELINEJS.end(document)


def slide(**posted: Any) -> dict[str, Any]:
    [event] = read(written([one_event(**posted)]))["events"]
    assert isinstance(event, dict)
    return event


class Shown(HTMLParser):
    """What a browser shows of a text: its words, its links, its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.links, self.tags = "", list[str | None](), set[str]()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.words += "\n" if tag == "br" else ""
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_schema_refuses_what_timelinejs_would() -> None:
    slides: list[dict[str, Any]] = [{}, {"start_date": {"year": "2020"}}, {"start_date": {"month": 6}}]
    wrong: list[dict[str, Any]] = [{}, {"events": [], "more": 1}, *({"events": [slide]} for slide in slides)]
    for each in wrong:
        assert not TIMELINEJS_SCHEMA.is_valid(each)


def test_a_timeline_without_events_is_whole() -> None:
    assert read(written([])) == {"title": {"text": {"headline": "China – &lt;India&gt;", "text": ""}}, "events": []}


def test_the_title_leads_to_the_page_that_shows_the_same() -> None:
    title = read(written([], replace(DOCUMENT, page_url=f"{BASE}/search?q=a&tag=b")))["title"]["text"]
    assert Shown(title["text"]).links == [f"{BASE}/search?q=a&tag=b"]


def test_an_event_is_a_slide() -> None:
    assert slide(domain="trade", summary="One.\nTwo.") == {
        "unique_id": "1b4e28ba-2fa1-51d2-883f-0016d3cca427",
        "start_date": {"year": 2020, "month": 6, "day": 29},
        "text": {"headline": "Ban", "text": f"<p>One.<br>Two.</p>{HISTORY}"},
        "autolink": False,
        "group": "trade",
    }


@pytest.mark.parametrize(
    ("when", "start", "end", "words"),
    [
        ("2020-06-29~", (2020, 6, 29), None, "about 29 June 2020"),
        ("2020-06", (2020, 6), None, "June 2020"),
        ("2020-06-XX", (2020, 6), None, "some day in June 2020"),
        ("2020", (2020,), None, "2020"),
        ("2020-XX", (2020,), None, "some time in 2020"),
        ("201X", (2010,), (2019,), "the 2010s"),
        ("19XX", (1900,), (1999,), "1900–1999"),
        ("2020-24", (2020, 12), (2021, 2), "winter 2020–2021"),
        ("2020-34", (2020, 4), (2020, 6), "second quarter of 2020"),
        ("2020/2021-06", (2020,), (2021, 6), "from 2020 to June 2021"),
        ("2019-06-29/202X", (2019, 6, 29), (2029,), "from 29 June 2019 to the 2020s"),
        ("2020-06-29/2020-07-02", (2020, 6, 29), (2020, 7, 2), "from 29 June 2020 to 2 July 2020"),
        ("2020/2020", (2020,), None, "from 2020 to 2020"),
        ("2020-06/..", (2020, 6), None, "from June 2020 on"),
        ("../2020-21", (2020, 5), None, "until spring 2020, beginning open"),
        ("/2019", (2019,), None, "until 2019, beginning not known"),
    ],
)  # fmt: skip
def test_a_date_is_as_precise_as_it_is_known(
    when: str, start: tuple[int, ...], end: tuple[int, ...] | None, words: str
) -> None:
    found = slide(when=when)
    assert parts(found["start_date"]) == start
    assert (parts(found["end_date"]) if "end_date" in found else None) == end
    assert found["display_date"] == words
    assert found["start_date"].get("display_date") == (None if end else words)


def parts(found: dict[str, Any]) -> tuple[int, ...]:
    return tuple(found[name] for name in ("year", "month", "day") if name in found)


def test_sources_are_links_to_the_web_only() -> None:
    event = one_event(sources=[{"url": "https://example.org/?a='\"&b", "title": "<b>"}, {"url": "http://example.org/"}])
    event["sources"].append({"url": "javascript:alert(1)", "title": "Run"})
    shown = Shown(read(written([event]))["events"][0]["text"]["text"])
    assert shown.links == ["https://example.org/?a='\"&b", "http://example.org/", f"{BASE}/events/{event['id']}"]
    assert shown.words == "Sources: <b>; http://example.org/; RunHistory"
    assert shown.tags == {"p", "a"}


def test_a_retracted_event_says_so() -> None:
    said = slide(action="retracted", summary="One.")["text"]["text"]
    assert said == f"<p><strong>Retracted.</strong></p><p>One.</p>{HISTORY}"


def test_a_snippet_is_left_out() -> None:
    assert written([one_event() | {"snippet": "<b>ban</b>"}]) == written([one_event()])


@given(st.lists(event_views(), max_size=3, unique_by=lambda event: event["id"]))
def test_what_is_read_back_is_what_was_written(events: list[EventView]) -> None:
    slides = read(written(events))["events"]
    assert [each["unique_id"] for each in slides] == [event["id"] for event in events]
    for each, event in zip(slides, events, strict=True):
        headline, text = Shown(each["text"]["headline"]), Shown(each["text"]["text"])
        assert (headline.words, headline.tags) == (event["title"], set())
        assert text.tags <= {"p", "br", "a", "strong"}
        assert (event["summary"] or "").replace("\r\n", "\n").replace("\r", "\n") in text.words
        assert text.links == [*(source["url"] for source in event["sources"]), f"{BASE}/events/{event['id']}"]
        assert each.get("group") == event["domain"]
        start, end = each["start_date"], each.get("end_date")
        assert first_day(start) <= first_day(end or start)
        if event["earliest"]:
            assert first_day(start) == date.fromisoformat(event["earliest"])
        certain = event["precision"] == "day" and not event["approximate"] and not event["uncertain"]
        assert each.get("display_date") == (None if certain else say_when(parse_when(event["when"])))


def first_day(found: dict[str, Any]) -> date:
    return date(found["year"], found.get("month", 1), found.get("day", 1))
