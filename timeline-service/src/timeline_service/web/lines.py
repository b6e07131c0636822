"""An event as a line of a list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from timeline_service.queries.views.events import EventView
from timeline_service.web.words import SIGNS, brief_date, label, long_date, machine_date, number


@dataclass(frozen=True, slots=True)
class PairLink:
    """A pair, and where its timeline is."""

    pair: str
    names: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event in a list: when, how, what, and where it is told in full."""

    id: str
    url: str
    title: str
    when: str
    when_in_full: str
    datetime: str | None
    year: str
    valence: str | None
    sign: str
    type: str
    #: The countries that acted, where some did and some did not.
    actors: tuple[str, ...]
    sources: str
    retracted: bool
    pairs: tuple[PairLink, ...] = ()
    #: How many pairs it has beside these.
    more_pairs: str = ""
    #: The title and other texts in which words were found: escaped, with the words in `<mark>`.
    marked_title: Markup | None = None
    snippet: Markup | None = None


@dataclass(frozen=True, slots=True)
class YearGroup:
    """The events that begin in a year, one after the other."""

    year: str
    lines: tuple[EventLine, ...]


def event_line(event: EventView, names: Mapping[str, str], pairs: int = 0) -> EventLine:
    """An event as a line, with so many of its pairs."""
    earliest = event["earliest"]
    marked_title, snippet = _found(event)
    return EventLine(
        id=event["id"],
        url=event_url(event["id"]),
        title=event["title"],
        when=brief_date(event["when"]),
        when_in_full=long_date(event["when"]),
        datetime=machine_date(event["when"]),
        year=str(int(earliest[:4])) if earliest else "before",
        valence=event["valence"],
        sign=SIGNS.get(event["valence"] or "", ""),
        type=label(event["type"]),
        actors=tuple(names[code] for code in event["initiators"]),
        sources=number(len(event["sources"]), "source"),
        retracted=event["status"] == "retracted",
        pairs=tuple(pair_link(pair, names) for pair in event["pairs"][:pairs]),
        more_pairs=f"and {len(event['pairs']) - pairs:,} more" if 0 < pairs < len(event["pairs"]) else "",
        marked_title=marked_title,
        snippet=snippet,
    )


def _found(event: EventView) -> tuple[Markup | None, Markup | None]:
    """The title with its words marked, if any were found there, and the snippet of the rest."""
    if "snippet" not in event:
        return None, None
    first, _, rest = event["snippet"].partition(" · ")
    marked = Markup(first)  # our own code has escaped it
    if marked.striptags() == " ".join(event["title"].split()):
        return marked, Markup(rest) if rest else None
    return None, Markup(event["snippet"])


def by_year(lines: Iterable[EventLine]) -> Sequence[YearGroup]:
    """Lines in their order, grouped by the year in which they begin."""
    return tuple(YearGroup(year, tuple(group)) for year, group in groupby(lines, lambda line: line.year))


def pair_link(pair: str, names: Mapping[str, str]) -> PairLink:
    """A pair by the names of its countries."""
    return PairLink(pair, tuple(names[code] for code in pair.split("-")), f"/timelines/{pair}")


def event_url(event_id: str) -> str:
    """The page of an event."""
    return f"/events/{event_id}"
