"""Where an event is written, as a line of its page."""

from dataclasses import dataclass

from timeline_service.formats.details import is_web_address
from timeline_service.queries.views.events import SourceView
from timeline_service.web.words import long_date


@dataclass(frozen=True, slots=True)
class SourceLine:
    """Where it is written; `url` is None where that is no address that a link may lead to."""

    name: str
    details: str
    address: str
    url: str | None


def source_line(source: SourceView) -> SourceLine:
    """A source, by its title, its publisher or its address."""
    details = [source["publisher"]] if source.get("title") and source.get("publisher") else []
    if source.get("published"):
        details.append(long_date(source["published"]))
    name = source.get("title") or source.get("publisher") or source["url"]
    url = source["url"] if is_web_address(source["url"]) else None
    address = source["url"] if name != source["url"] else ""
    return SourceLine(name, ", ".join(details), address, url)
