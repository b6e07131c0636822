"""The same list in other forms: every format there is, and JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from timeline_service.formats import FORMATS
from timeline_service.web.addresses import Query, with_query

#: What people call a format, where that is not its name, and what it is for.
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "csv": ("CSV", "a spreadsheet: a line for each event"),
    "json": ("JSON", "programs: a page at a time, each with the cursor of the next"),
    "ndjson": ("NDJSON", "programs: an event on each line, which ingest takes again"),
    "ics": ("calendar", "a calendar (iCalendar), to subscribe to"),
    "atom": ("feed", "a feed reader (Atom): what was recorded or revised last comes first"),
    "timelinejs.json": ("TimelineJS", "a story in TimelineJS"),
}


@dataclass(frozen=True, slots=True)
class Download:
    """The same selection in another format."""

    words: str
    url: str
    purpose: str


def downloads_of(path: str, query: Query) -> tuple[Download, ...]:
    """A list of events of the API in each format, under its suffix."""
    made = []
    for name in (*FORMATS, "json"):
        words, purpose = _WORDS.get(name, (name, ""))
        made.append(Download(words, with_query(f"{path}.{name}", query), purpose))
    return tuple(made)
