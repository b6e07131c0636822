"""What formats for people say of an event beside its title."""

from typing import Final

from event_schemas.dates import parse_when
from timeline_service.domain.date_words import say_when
from timeline_service.queries.views.events import EventView, SourceView

_WEB: Final = ("http://", "https://")


def date_words(text: str) -> str:
    """An EDTF date in words."""
    return say_when(parse_when(text))


def is_plain_day(event: EventView) -> bool:
    """Whether an event's date is one day, and certain: a calendar's date says all of it."""
    return event["precision"] == "day" and not event["approximate"] and not event["uncertain"]


def source_words(source: SourceView) -> str:
    """A source as it is cited: "Title (Publisher, 29 June 2020)"; its address where it has no name."""
    name = source.get("title") or source.get("publisher") or source["url"]
    details = [source["publisher"]] if source.get("title") and source.get("publisher") else []
    if source.get("published"):
        details.append(date_words(source["published"]))
    return f"{name} ({', '.join(details)})" if details else str(name)


def is_web_address(url: str) -> bool:
    """Whether a link to `url` is safe: http or https, and no script."""
    return url[:8].lower().startswith(_WEB)
