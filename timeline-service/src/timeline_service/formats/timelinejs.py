"""The JSON of TimelineJS3 (timeline.knightlab.com/docs/json-format.html), which shows texts as HTML."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from html import escape
from typing import Any, Final

import orjson

from event_schemas.dates import When, parse_when
from timeline_service.domain.date_words import say_when
from timeline_service.formats.details import is_web_address, source_words
from timeline_service.formats.format import FormatContext
from timeline_service.queries.views.events import EventView, SourceView

#: How much of a day a date of this precision knows.
_KNOWN: Final = {"day": 3, "month": 2, "season": 2, "quarter": 2, "year": 1, "decade": 1, "century": 1}
#: Those that are longer than the unit that TimelineJS has for them, and so need an end.
_LONGER: Final = frozenset({"season", "quarter", "decade", "century"})
_PARTS: Final = ("year", "month", "day")


class TimelineJs:
    """A slide for each event, grouped by domain."""

    name = "timelinejs.json"
    accept_name = "application/vnd.timelinejs+json"
    media_type = "application/json"
    paged = False

    def begin(self, context: FormatContext) -> bytes:
        """The title slide, and the start of the list of events."""
        link = f"<p>{_anchor(context.page_url, 'The whole timeline')}</p>" if context.page_url is not None else ""
        title = orjson.dumps({"text": {"headline": escape(context.title), "text": link}})
        return b'{"title":' + title + b',"events":['

    def write(self, context: FormatContext, events: Sequence[EventView], *, first: bool) -> bytes:
        """A slide for each event."""
        slides = b",\n".join([orjson.dumps(_slide(context, event)) for event in events])
        return slides if first or not slides else b",\n" + slides

    def end(self, context: FormatContext) -> bytes:
        """The end of the list and of the document."""
        return b"]}\n"


def _slide(context: FormatContext, event: EventView) -> dict[str, Any]:
    slide = {
        "unique_id": event["id"],
        **_dates(event["when"]),
        "text": {"headline": escape(event["title"]), "text": _text(context, event)},
        "autolink": False,  # it would make links of what only looks like one, and of our own once more
    }
    if event["domain"]:
        slide["group"] = event["domain"]
    return slide


@lru_cache(maxsize=65_536)
def _dates(text: str) -> Mapping[str, Any]:
    """Start and end as precisely as they are known, and the words for what is no plain day.

    Where nothing is known of the start, the end stands for it.
    """
    when = parse_when(text)
    start, end = _ends(when)
    fields: dict[str, Any] = {"start_date": start or end}
    if start and end and start != end:
        fields["end_date"] = end
    if when.precision != "day" or when.approximate or when.uncertain:
        # On the slide, where it stands for both dates; on the start too, where that is alone.
        words = say_when(when)
        fields["display_date"] = words
        if "end_date" not in fields:
            fields["start_date"] = {**fields["start_date"], "display_date": words}
    return fields


def _ends(when: When) -> tuple[dict[str, int] | None, dict[str, int] | None]:
    if when.precision != "interval":
        return _date(when, when.earliest), _date(when, when.latest) if when.precision in _LONGER else None
    first, last = (None if end in {"", ".."} else parse_when(end) for end in when.text.split("/"))
    return _date(first, first.earliest) if first else None, _date(last, last.latest) if last else None


def _date(when: When, day: date | None) -> dict[str, int] | None:
    if day is None:
        return None
    return dict(zip(_PARTS[: _KNOWN[when.precision]], (day.year, day.month, day.day), strict=False))


def _text(context: FormatContext, event: EventView) -> str:
    parts = []
    if event["status"] == "retracted":
        parts.append("<p><strong>Retracted.</strong></p>")
    if event["summary"]:
        lines = escape(event["summary"]).replace("\r\n", "\n").replace("\r", "\n")
        parts.append(f"<p>{lines}</p>".replace("\n", "<br>"))
    if event["sources"]:
        parts.append(f"<p>Sources: {'; '.join(map(_link, event['sources']))}</p>")
    parts.append(f"<p>{_anchor(context.event_url(event['id']), 'History')}</p>")
    return "".join(parts)


def _link(source: SourceView) -> str:
    words = source_words(source)
    return _anchor(source["url"], words) if is_web_address(source["url"]) else escape(words)


def _anchor(url: str, words: str) -> str:
    return f'<a href="{escape(url)}">{escape(words)}</a>'
