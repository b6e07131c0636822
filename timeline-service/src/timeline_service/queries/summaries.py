"""Summaries: how many events of which kind in which year."""

from typing import Any, Final

from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import Moment
from timeline_service.queries.sources import Sources

_NOTE: Final = (
    "An event counts in the year of its earliest possible day, however imprecise its date is; year is null where the "
    "beginning is open or unknown."
)
_VALENCES: Final = ("cooperative", "neutral", "conflictual", "none")


async def summarise(sources: Sources, at: Moment, selection: Selection) -> dict[str, Any]:
    """Counts of the selected events, the mean of Goldstein's scale, and the first and last date."""
    years: dict[int | None, dict[str, Any]] = {}
    view: dict[str, Any] = {"pair": selection.pair, "years": [], "types": [], "domains": [], "mean_goldstein": None}
    for row in await sources.selections.summary(at, selection):
        match row.fold:
            case 0:
                year = years.setdefault(row.year, {"year": row.year, **dict.fromkeys(_VALENCES, 0)})
                year[row.valence or "none"] += row.events
            case 1:
                view["types"].append({"type": row.type, "count": row.events})
            case 2:
                view["domains"].append({"domain": row.domain, "count": row.events})
            case _:
                mean = row.mean_goldstein
                view["mean_goldstein"] = round(mean, 6) if mean is not None else None
                first, last = (day.isoformat() if day is not None else None for day in (row.first, row.last))
    return view | {"years": list(years.values()), "first": first, "last": last, "note": _NOTE}
