"""The contract's filters and summaries over the naive timeline, by a look at every event."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Final

from tests.support.models.timeline_model import Standing, TimelineModel, bounds_of
from tests.support.models.websearch_model import folded, matches

from event_schemas.countries import country_code
from event_schemas.dates import parse_when
from timeline_service.judge.days import OPEN_END, OPEN_START

#: Query parameters in their order; a name may stand there more than once.
Parameters = Sequence[tuple[str, str]]

#: What each repeatable parameter asks of an event.
FILTERS: Final[dict[str, Callable[[Standing, str], bool]]] = {
    "type": lambda standing, value: standing.event.type == value,
    "valence": lambda standing, value: standing.valence == value,
    "domain": lambda standing, value: standing.event.domain == value,
    "stage": lambda standing, value: standing.event.stage == value,
    "tag": lambda standing, value: value in (standing.event.tags or ()),
    "actor": lambda standing, value: folded(value) in {folded(actor["name"]) for actor in standing.event.actors or ()},
    "publisher": lambda standing, value: (
        folded(value) in {folded(source.get("publisher", "")) for source in standing.event.sources or ()}
    ),
    "batch": lambda standing, value: standing.batch == value,
    "initiator": lambda standing, value: country_code(value) in (standing.event.initiators or ()),
    "q": lambda standing, value: matches(value, standing.texts),
    "min_sources": lambda standing, value: len(standing.event.sources or ()) >= int(value),
    "country": lambda standing, value: country_code(value) in standing.event.countries,
    "code": lambda standing, value: (
        value in {f"{scheme}:{code}" for scheme, code in (standing.event.codes or {}).items()}
    ),
}

#: What each kind of name is in an event.
NAMES: Final[dict[str, Callable[[Standing], Iterable[str]]]] = {
    "tag": lambda standing: standing.event.tags or (),
    "actor": lambda standing: [actor["name"] for actor in standing.event.actors or ()],
    "publisher": lambda standing: [
        source["publisher"] for source in standing.event.sources or () if "publisher" in source
    ],
}


def folded_name(kind: str, name: str) -> str:
    """A name as it is compared: tags are as they are."""
    return name if kind == "tag" else folded(name)


def counted_names(events: Iterable[Standing], kind: str, prefix: str = "") -> list[tuple[str, int]]:
    """The names that begin so, folded, with how many events have each: most first, then by code points."""
    counts = Counter(name for event in events for name in {folded_name(kind, each) for each in NAMES[kind](event)})
    start = prefix.lower() if kind == "tag" else folded(prefix)
    return sorted(
        ((name, count) for name, count in counts.items() if name.startswith(start)),
        key=lambda each: (-each[1], each[0]),
    )


def select(
    model: TimelineModel, parameters: Parameters, pair: str | None = None, moment: int | None = None
) -> list[Standing]:
    """The events that a question selects, in the order that it asks for; `as_of` is the caller's, as a moment."""
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        given.setdefault(name, []).append(value)
    found = [
        standing
        for standing in model.standing(moment)
        if (pair is None or pair in standing.pairs)
        and (not standing.retracted or "include" in given)
        and _in_range(standing, given)
        and all(any(FILTERS[name](standing, value) for value in given[name]) for name in given.keys() & FILTERS.keys())
    ]
    return found[::-1] if given.get("order") == ["desc"] else found


def bounds_asked(parameters: Parameters) -> tuple[date, date]:
    """The first and last day of the range that a question asks for; the end of time where it says nothing."""
    given = dict(parameters)
    first = parse_when(given["from"]).earliest if "from" in given else None
    last = parse_when(given["to"]).latest if "to" in given else None
    return first or OPEN_START, last or OPEN_END


def _in_range(standing: Standing, given: dict[str, list[str]]) -> bool:
    first, last = bounds_asked([(name, values[0]) for name, values in given.items()])
    earliest, latest = standing.when.earliest or OPEN_START, standing.when.latest or OPEN_END
    if given.get("match") == ["within"]:
        return first <= earliest and latest <= last
    return earliest <= last and first <= latest


def summarise(events: Iterable[Standing], pair: str | None) -> dict[str, Any]:
    """The summary of a selection; the mean of the Goldstein values is exact, not rounded."""
    chosen = list(events)
    years: dict[int | None, Counter[str]] = {}
    for standing in chosen:
        earliest = standing.when.earliest
        years.setdefault(earliest.year if earliest else None, Counter())[standing.valence or "none"] += 1
    goldstein = [float(each.event.goldstein) for each in chosen if each.event.goldstein is not None]
    return {
        "pair": pair,
        "years": [
            {"year": year, **{name: counts[name] for name in ("cooperative", "neutral", "conflictual", "none")}}
            for year, counts in sorted(years.items(), key=lambda item: item[0] or 0)
        ],
        "types": _counted("type", [standing.event.type for standing in chosen]),
        "domains": _counted("domain", [standing.event.domain for standing in chosen]),
        "mean_goldstein": sum(goldstein) / len(goldstein) if goldstein else None,
        **bounds_of(chosen),
    }


def _counted(name: str, values: Iterable[str | None]) -> list[dict[str, Any]]:
    """Values by their number, largest first, then by name; nothing comes after every name."""
    counts = Counter(values).items()
    ranked = sorted(counts, key=lambda item: (-item[1], item[0] is None, item[0] or ""))
    return [{name: value, "count": count} for value, count in ranked]
