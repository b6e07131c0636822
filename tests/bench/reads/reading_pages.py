"""The reads that the benchmark times: each with its variants, of which every one is a request."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from tests.bench.reads.filled_tables import COMMON_COUNTRY, LARGEST, RARE_COUNTRY
from tests.bench.reads.filled_templates import COMMON, RARE, RARE_ACTOR

#: Where a page lies, as a part of all the events.
FIRST: Final = 0.0
MIDDLE: Final = 0.5
LAST: Final = 1.0
#: Where the timeline of the largest pair is.
PATH: Final = f"/v1/timelines/{LARGEST}"
_YEAR: Final = {"from": "1988", "to": "1988"}
_FIRST_COUNTRY, _SECOND_COUNTRY = LARGEST.split("-")


@dataclass(frozen=True, slots=True)
class Variant:
    """One request, and where its page lies."""

    path: str
    query: dict[str, str] = field(default_factory=dict)
    place: float = FIRST


@dataclass(frozen=True, slots=True)
class Read:
    """One line of the table. `unchanged`: asked for with the ETag of the answer."""

    name: str
    variants: tuple[Variant, ...]
    unchanged: bool = False


def reads() -> Iterator[Read]:
    """All of them, pages of 50 from the largest pair before all others."""
    for name, place in (("first", FIRST), ("in the middle", MIDDLE), ("last", LAST)):
        yield Read(f"timeline, page {name}", _pages(PATH, {}, (place,)))
    for match in ("overlaps", "within"):
        yield Read(f"timeline, from, to, match={match}", _pages(PATH, _YEAR | {"match": match}, (FIRST,)))
    for name in ("type", "valence", "domain"):
        yield Read(f"timeline, one {name}, first and middle", _pages(PATH, {name: COMMON[name]}))
    yield Read("timeline, one initiator, first and middle", _pages(PATH, {"initiator": _FIRST_COUNTRY}))
    rare = [{name: RARE[name]} for name in ("type", "valence", "domain")] + [{"initiator": _SECOND_COUNTRY}]
    yield Read("timeline, a rare one of each", tuple(page for query in rare for page in _pages(PATH, query)))
    yield Read("timeline, one type in a year", _pages(PATH, _YEAR | {"type": COMMON["type"]}, (FIRST,)))
    rare = [{"tag": RARE["tag"]}, {"actor": RARE_ACTOR}, {"q": RARE["q"]}]
    yield Read("timeline, a rare tag, actor or word", tuple(page for query in rare for page in _pages(PATH, query)))
    yield Read("timeline, a common tag", _pages(PATH, {"tag": COMMON["tag"]}))
    yield Read("timeline, a common word", _pages(PATH, {"q": COMMON["q"]}))
    yield Read("search, a country of many events", _pages("/v1/events", {"country": COMMON_COUNTRY}))
    yield Read("search, a country of few events", _pages("/v1/events", {"country": RARE_COUNTRY}))
    yield Read("search, a rare word by relevance", (Variant("/v1/events", {"q": RARE["q"], "order": "relevance"}),))
    yield Read("timeline, unchanged: 304", _pages(PATH, {}, (FIRST,)), unchanged=True)


SUMMARY: Final = Read("summary of the pair", (Variant(f"{PATH}/summary"),))


def _pages(path: str, query: dict[str, str], places: tuple[float, ...] = (FIRST, MIDDLE)) -> tuple[Variant, ...]:
    return tuple(
        Variant(path, query | ({"order": "desc"} if order == "desc" else {}), place)
        for place, order in product(places, ("asc", "desc"))
    )
