"""Summaries: how many events of which kind in which year."""

from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, Final

from timeline_service.adapters.postgres.rows import SummaryRow
from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import ReadPoint
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.countries import day_view
from timeline_service.queries.views.summaries import SummaryView, YearView

_WHOLE: Final = 3
#: More digits than sums of numbers with 15 of them have, the least of which is 1e-308.
_EXACT: Final = Context(prec=1_000)
_NOTE: Final = (
    "An event counts in the year of its earliest possible day, however imprecise its date is; year is null where the "
    "beginning is open or unknown."
)


async def summarise(sources: Sources, at: ReadPoint, selection: Selection) -> SummaryView:
    """Counts of the selected events, the mean of Goldstein's scale, and the first and last date."""
    rows = sorted(await _counts(sources, at, selection), key=_place)
    (whole,) = (row for row in rows if row.counted == _WHOLE)
    mean = float(Fraction(whole.goldstein) / whole.rated) if whole.goldstein is not None and whole.rated else None
    return {
        "pair": selection.pair,
        "years": _years([row for row in rows if row.counted == 0]),
        "types": [{"type": row.type, "count": row.events or 0} for row in rows if row.type is not None],
        "domains": [{"domain": row.domain, "count": row.events or 0} for row in rows if row.counted == 2],
        "mean_goldstein": round(mean, 6) if mean is not None else None,
        "first": day_view(whole.first),
        "last": day_view(whole.last),
        "note": _NOTE,
    }


async def _counts(sources: Sources, at: ReadPoint, selection: Selection) -> Sequence[SummaryRow]:
    """The counts; of a pair's entries by what has changed since they were counted last."""
    if selection.pair is None or selection.searches:
        return await sources.selections.summary(at, selection)
    counts = None
    if (held := sources.summaries.find(at, selection)) is not None:
        since, counts = held
        if since != at.vector:
            counts = changed_counts(counts, await sources.selections.summary_since(at, since, selection))
    if counts is None:
        counts = await sources.selections.summary(at, selection)
    sources.summaries.keep(at, selection, counts)
    return counts


def changed_counts(counts: Sequence[SummaryRow], changes: Sequence[SummaryRow]) -> Sequence[SummaryRow] | None:
    """The counts after changes; None where the first or the last date has gone: which it is now is not known."""
    held = {row[:5]: row for row in counts}
    for change in changes:
        row = held.get(change[:5], change._replace(events=0, goldstein=None, rated=0))
        first, last = row.first, row.last
        if (change.events or 0) > 0:
            first = min((day for day in (first, change.first) if day is not None), default=None)
            last = max((day for day in (last, change.last) if day is not None), default=None)
        elif change.counted == _WHOLE and (change.first == first or change.last == last):
            return None
        goldstein = _EXACT.add(row.goldstein or Decimal(), change.goldstein or Decimal())
        events, rated = (row.events or 0) + (change.events or 0), (row.rated or 0) + (change.rated or 0)
        held[change[:5]] = SummaryRow(*change[:5], events, goldstein, rated, first, last)
    return [row for row in held.values() if row.events or row.counted == _WHOLE]


def _place(row: SummaryRow) -> tuple[Any, ...]:
    """Where a count stands among those of its kind: by year, or the largest first."""
    year = (row.year is not None, row.year or 0)
    return row.counted, year, -(row.events or 0), row.type or "", (row.domain is None, row.domain or "")


def _years(rows: list[SummaryRow]) -> list[YearView]:
    years: dict[int | None, YearView] = {}
    for row in rows:
        none: YearView = {"year": row.year, "cooperative": 0, "neutral": 0, "conflictual": 0, "none": 0}
        year = years.setdefault(row.year, none)
        match row.valence:
            case "cooperative" | "neutral" | "conflictual":
                year[row.valence] += row.events or 0
            case _:
                year["none"] += row.events or 0
    return list(years.values())
