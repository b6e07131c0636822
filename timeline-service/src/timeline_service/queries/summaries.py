"""Summaries: how many events of which kind in which year."""

from typing import Final

from timeline_service.adapters.postgres.rows import SummaryRow
from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import ReadPoint
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.countries import day_view
from timeline_service.queries.views.summaries import SummaryView, YearView

_NOTE: Final = (
    "An event counts in the year of its earliest possible day, however imprecise its date is; year is null where the "
    "beginning is open or unknown."
)


async def summarise(sources: Sources, at: ReadPoint, selection: Selection) -> SummaryView:
    """Counts of the selected events, the mean of Goldstein's scale, and the first and last date."""
    rows = await sources.selections.summary(at, selection)
    (whole,) = (row for row in rows if row.counted == 3)
    mean = whole.mean_goldstein
    return {
        "pair": selection.pair,
        "years": _years([row for row in rows if row.counted == 0]),
        "types": [{"type": row.type, "count": row.events} for row in rows if row.type is not None],
        "domains": [{"domain": row.domain, "count": row.events} for row in rows if row.counted == 2],
        "mean_goldstein": round(mean, 6) if mean is not None else None,
        "first": day_view(whole.first),
        "last": day_view(whole.last),
        "note": _NOTE,
    }


def _years(rows: list[SummaryRow]) -> list[YearView]:
    years: dict[int | None, YearView] = {}
    for row in rows:
        none: YearView = {"year": row.year, "cooperative": 0, "neutral": 0, "conflictual": 0, "none": 0}
        year = years.setdefault(row.year, none)
        match row.valence:
            case "cooperative" | "neutral" | "conflictual":
                year[row.valence] += row.events
            case _:
                year["none"] += row.events
    return list(years.values())
