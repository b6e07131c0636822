import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.inputs.event_strategies import event_views, one_event

from timeline_service.formats import FORMATS, FormatContext
from timeline_service.queries.views.events import EventView

ICS = FORMATS["ics"]
BASE = "http://127.0.0.1:8002"
DOCUMENT = FormatContext("China – India, “tech; trade”", f"{BASE}/v1/timelines/CHN-IND.ics?domain=trade&tag=a,b", BASE)


def written(events: list[EventView]) -> bytes:
    return ICS.begin(DOCUMENT) + ICS.write(DOCUMENT, events, first=True) + ICS.end(DOCUMENT)


def read(raw: bytes) -> icalendar.Calendar:
    calendar = icalendar.Calendar.from_ical(raw)
    assert isinstance(calendar, icalendar.Calendar)
    assert calendar.errors == []
    return calendar


def read_one(**posted: Any) -> icalendar.Event:
    [event] = read(written([one_event(**posted)])).events
    assert event.errors == []
    return event


def day(event: icalendar.Event, name: str) -> Any:
    """The date or time of a property, None where it is absent."""
    return event.decoded(name) if name in event else None


def test_the_calendar_names_itself() -> None:
    calendar = read(written([]))
    # The parser does not know that a calendar's name is TEXT (RFC 7986), so that is said here.
    assert {name: str(calendar[name]).replace("\\,", ",").replace("\\;", ";") for name in calendar} == {
        "PRODID": "-//Dyadline//Timeline service//EN",
        "VERSION": "2.0",
        "CALSCALE": "GREGORIAN",
        "METHOD": "PUBLISH",
        "NAME": DOCUMENT.title,
        "X-WR-CALNAME": DOCUMENT.title,
        "URL": DOCUMENT.url,
    }
    assert calendar.events == []


def test_the_calendar_names_the_page_that_shows_the_same() -> None:
    begin = ICS.begin(replace(DOCUMENT, page_url=f"{BASE}/timelines/CHN-IND"))
    assert read(begin + ICS.end(DOCUMENT))["URL"] == f"{BASE}/timelines/CHN-IND"


def test_no_name_or_address_breaks_a_line() -> None:
    raw = ICS.begin(FormatContext("a\r\nEND:VCALENDAR\x00", f"{BASE}/\r\nEND:VCALENDAR", f"{BASE}\n")) + ICS.end(
        DOCUMENT
    )
    assert read(raw)["NAME"] == "a\\nEND:VCALENDAR"
    assert raw.split(b"\r\n").count(b"END:VCALENDAR") == 1


def test_an_event_is_a_whole_day_with_a_stable_identity() -> None:
    event = read_one(revision=3, domain="trade", tags=["apps"])
    assert event["UID"] == "1b4e28ba-2fa1-51d2-883f-0016d3cca427@dyadline"
    assert (event["SEQUENCE"], event["STATUS"], event["TRANSP"]) == (2, "CONFIRMED", "TRANSPARENT")
    assert (date(2020, 6, 29), date(2020, 6, 30)) == (event.DTSTART, event.DTEND)
    assert day(event, "DTSTAMP") == day(event, "LAST-MODIFIED") == datetime(2026, 2, 13, 9, 2, 3, tzinfo=UTC)
    assert day(event, "CREATED") == datetime(2026, 2, 13, 1, 2, 3, tzinfo=UTC)
    assert event.categories == ["ban", "trade", "apps"]
    assert event["URL"] == f"{BASE}/events/1b4e28ba-2fa1-51d2-883f-0016d3cca427"
    assert "DESCRIPTION" not in event


def test_a_text_is_escaped() -> None:
    # The parser is lenient about a bare semicolon; others are not.
    raw = written([one_event(title="a;b,c\\d:e", tags=["x,y", "z;"], summary="f\ng")])
    assert b"\r\nSUMMARY:a\\;b\\,c\\\\d:e\r\n" in raw
    assert b"\r\nCATEGORIES:ban,x\\,y,z\\;\r\n" in raw
    assert b"\r\nDESCRIPTION:f\\ng\r\n" in raw


def test_a_retracted_event_is_cancelled() -> None:
    assert read_one(action="retracted")["STATUS"] == "CANCELLED"


@pytest.mark.parametrize(
    ("when", "start", "end", "words"),
    [
        ("2020-06", date(2020, 6, 1), date(2020, 7, 1), "Date: June 2020."),
        ("2020~", date(2020, 1, 1), date(2021, 1, 1), "Date: about 2020."),
        ("2020-06-29?", date(2020, 6, 29), date(2020, 6, 30), "Date: 29 June 2020, uncertain."),
        (
            "2020/..", date(2020, 1, 1), None,
            "Date: from 2020 on. The calendar shows the first day that it can be.",
        ),
        (
            "/2019", date(2019, 12, 31), date(2020, 1, 1),
            "Date: until 2019, beginning not known. The calendar shows the last day that it can be.",
        ),
        ("9998-12-31~", date(9998, 12, 31), date(9999, 1, 1), "Date: about 31 December 9998."),
        ("0001~", date(1, 1, 1), date(2, 1, 1), "Date: about the year 1."),
    ],
)  # fmt: skip
def test_a_date_that_is_no_plain_day_is_said_in_words(when: str, start: date, end: date | None, words: str) -> None:
    event = read_one(when=when)
    assert (day(event, "DTSTART"), day(event, "DTEND")) == (start, end)
    assert event["DESCRIPTION"] == words


def test_the_description_holds_the_summary_and_the_sources() -> None:
    sources = [
        {"url": "https://example.org/a", "title": "Report; first", "publisher": "The Paper", "published": "2020-07"},
        {"url": "https://example.org/b"},
    ]
    assert read_one(summary="One.\r\nTwo.", sources=sources)["DESCRIPTION"] == (
        "One.\nTwo.\n\nSources:\nReport; first (The Paper, July 2020): https://example.org/a\nhttps://example.org/b"
    )


def test_a_snippet_is_left_out() -> None:
    assert written([one_event() | {"snippet": "<b>ban</b>"}]) == written([one_event()])


@given(st.lists(event_views(), max_size=3))
def test_lines_are_short_and_whole(events: list[EventView]) -> None:
    raw = written(events)
    assert raw.endswith(b"\r\n")
    lines = raw[:-2].split(b"\r\n")
    assert all(0 < len(line) <= 75 for line in lines)
    text = [line.decode() for line in lines]  # each by itself: no character is cut
    assert not any(re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]", line) for line in text)
    assert text.count("BEGIN:VEVENT") == text.count("END:VEVENT") == len(events)


@given(st.lists(event_views(), max_size=3))
def test_what_is_read_back_is_what_was_written(events: list[EventView]) -> None:
    found = read(written(events)).events
    assert len(found) == len(events)
    for component, event in zip(found, events, strict=True):
        assert component.errors == []
        assert component["UID"] == f"{event['id']}@dyadline"
        assert component["SUMMARY"] == event["title"]
        assert component.categories == [*filter(None, [event["type"], event["domain"]]), *event["tags"]]
        assert day(component, "DTSTART") == date.fromisoformat(event["earliest"] or event["latest"] or "")
        latest = date.fromisoformat(event["latest"]) if event["latest"] else None
        assert day(component, "DTEND") == (latest and latest + timedelta(days=1))
        description = component.get("DESCRIPTION", "")
        if event["summary"]:
            assert re.sub("\r\n|[\r\u2028\u2029]", "\n", event["summary"]) in description
        assert all(source["url"] in description for source in event["sources"])
        assert description.startswith("Date: ") or (event["precision"], event["approximate"]) == ("day", False)
