"""iCalendar (RFC 5545): whole days with stable UIDs; what a calendar cannot say of a date stands in words."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from event_schemas.dates import parse_when
from timeline_service.formats.details import date_words, is_plain_day, source_words
from timeline_service.formats.format import FormatContext
from timeline_service.queries.views.events import EventView, SourceView

_LINE_OCTETS: Final = 75
_LINE_END: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class ICalendar:
    """A VEVENT for each event. Times of writing are those of the log, so the same events give the same bytes."""

    name = "ics"
    accept_name = "text/calendar"
    media_type = "text/calendar; charset=utf-8"
    paged = False

    def begin(self, context: FormatContext) -> bytes:
        """The calendar's own properties."""
        title = _escape(context.title)
        return _lines([
            "BEGIN:VCALENDAR",
            "PRODID:-//Dyadline//Timeline service//EN",
            "VERSION:2.0",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            f"NAME:{title}",  # RFC 7986; the next one is what calendars read that do not know it
            f"X-WR-CALNAME:{title}",
            f"URL:{_uri(context.page_url or context.url)}",
        ]).encode()  # fmt: skip

    def write(self, context: FormatContext, events: Sequence[EventView], *, first: bool) -> bytes:
        """A VEVENT for each event."""
        return "".join([_component(context, event) for event in events]).encode()

    def end(self, context: FormatContext) -> bytes:
        """The end of the calendar."""
        return b"END:VCALENDAR\r\n"


def _component(context: FormatContext, event: EventView) -> str:
    revised = _instant(event["revised_at"])
    categories = [event["type"], *([event["domain"]] if event["domain"] else ()), *event["tags"]]
    description = _describe(event)
    return _lines([
        "BEGIN:VEVENT",
        f"UID:{event['id']}@dyadline",
        f"DTSTAMP:{revised}",
        f"CREATED:{_instant(event['recorded_at'])}",
        f"LAST-MODIFIED:{revised}",
        f"SEQUENCE:{event['revision'] - 1}",
        *_days(event["when"]),
        f"SUMMARY:{_escape(event['title'])}",
        *([f"DESCRIPTION:{_escape(description)}"] if description else ()),
        f"CATEGORIES:{','.join(map(_escape, categories))}",
        "TRANSP:TRANSPARENT",
        f"STATUS:{'CANCELLED' if event['status'] == 'retracted' else 'CONFIRMED'}",
        f"URL:{_uri(context.event_url(event['id']))}",
        "END:VEVENT",
    ])  # fmt: skip


@lru_cache(maxsize=65_536)
def _days(text: str) -> tuple[str, ...]:
    """DTSTART and DTEND, which is the day after the last one (RFC 5545, 3.6.1); none where the end is not known."""
    when = parse_when(text)
    start = when.earliest or when.latest or date.min  # one of both is always known
    lines = (f"DTSTART;VALUE=DATE:{_day(start)}",)
    return lines if when.latest is None else (*lines, f"DTEND;VALUE=DATE:{_day(when.latest + timedelta(days=1))}")


def _day(day: date) -> str:
    return day.isoformat().replace("-", "")


def _instant(time: str) -> str:
    """A time in UTC (3.3.5), to the second."""
    return time[:19].replace("-", "").replace(":", "") + "Z"


def _describe(event: EventView) -> str:
    parts = []
    if not is_plain_day(event):
        said = f"Date: {date_words(event['when'])}."
        if event["earliest"] is None:
            said += " The calendar shows the last day that it can be."
        elif event["latest"] is None:
            said += " The calendar shows the first day that it can be."
        parts.append(said)
    if event["summary"]:
        parts.append(event["summary"])
    if event["sources"]:
        parts.append("\n".join(["Sources:", *(_cite(source) for source in event["sources"])]))
    return "\n\n".join(parts)


def _cite(source: SourceView) -> str:
    words, url = source_words(source), source["url"]
    return words if words.startswith(url) else f"{words}: {url}"


def _escape(text: str) -> str:
    """TEXT (3.3.11)."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text if text.isprintable() else _CONTROL.sub("", _LINE_END.sub(r"\\n", text))


def _uri(url: str) -> str:
    """A URI (3.3.13), which is not escaped and cannot hold what breaks a line."""
    return url if url.isprintable() else "".join(filter(str.isprintable, url))


def _lines(lines: Sequence[str]) -> str:
    return "".join([f"{_fold(line)}\r\n" for line in lines])


def _fold(line: str) -> str:
    """A line of at most 75 octets, or several that begin with a blank (3.1), cut between characters only."""
    raw = line.encode()
    if len(raw) <= _LINE_OCTETS:
        return line
    pieces, start, size = [], 0, _LINE_OCTETS
    while len(raw) - start > size:
        cut = start + size
        while raw[cut] & 0xC0 == 0x80:  # the middle of a UTF-8 character
            cut -= 1
        pieces.append(raw[start:cut])
        start, size = cut, _LINE_OCTETS - 1
    return b"\r\n ".join([*pieces, raw[start:]]).decode()
