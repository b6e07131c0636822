"""Summaries: how many events of which kind in which year."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from timeline_service.adapters.postgres.selections import Row
from timeline_service.api.answers import answer, known_already
from timeline_service.api.descriptions import SUMMARY, SUMMARY_OF_EVENTS
from timeline_service.api.routes.search import Codes, Countries
from timeline_service.api.routes.timelines import PairPath, moment_of, pair_tag, read_pair
from timeline_service.queries.moments import Reader, Selections, Waits
from timeline_service.queries.paging import Page
from timeline_service.queries.selections import Filters, read_selection

router = APIRouter(tags=["timelines"])
_NOTE: Final = (
    "An event counts in the year of its earliest possible day, however imprecise its date is; year is null where the "
    "beginning is open or unknown."
)
_VALENCES: Final = ("cooperative", "neutral", "conflictual", "none")


@router.get("/v1/timelines/{pair}/summary", summary="How many events of which kind in which year", responses=SUMMARY)
async def summary(
    request: Request,
    reader: Reader,
    selections: Selections,
    awaited: Waits,
    filters: Filters,
    pair: PairPath,
) -> Response:
    """Counts by year and valence, by type and by domain, the mean of Goldstein's scale, and the first and last date."""
    name = read_pair(pair)
    page = Page.of(request, {"of": f"summary of {name}", **filters}, None)
    selection = read_selection(page.query, name)
    now = await moment_of(awaited, page, selection)
    at = replace(now, vector=await reader.narrow(now, name))
    tag = pair_tag(request, at, "summary", "")
    if (known := known_already(request, now, tag)) is not None:
        return known
    return answer(request, now, {"pair": name} | _summary(await selections.summary(at, selection)), tag=tag)


@router.get(
    "/v1/events/summary",
    summary="How many events of all pairs, of which kind in which year",
    responses=SUMMARY_OF_EVENTS,
)
async def summary_of_events(
    request: Request,
    selections: Selections,
    awaited: Waits,
    filters: Filters,
    country: Countries = None,
    code: Codes = None,
) -> Response:
    """A summary of events of all pairs, each counted once; `pair` is null."""
    page = Page.of(request, {"of": "summary of events", **filters, "country": country, "code": code}, None)
    selection = read_selection(page.query)
    at = await moment_of(awaited, page, selection, across=True)
    return answer(request, at, {"pair": None} | _summary(await selections.summary(at, selection)))


def _summary(rows: Sequence[Row]) -> dict[str, Any]:
    years: dict[int | None, dict[str, Any]] = {}
    body: dict[str, Any] = {"years": [], "types": [], "domains": [], "mean_goldstein": None}
    for row in rows:
        match row["fold"]:
            case 0:
                year = years.setdefault(row["year"], {"year": row["year"], **dict.fromkeys(_VALENCES, 0)})
                year[row["valence"] or "none"] += row["count"]
            case 1:
                body["types"].append({"type": row["type"], "count": row["count"]})
            case 2:
                body["domains"].append({"domain": row["domain"], "count": row["count"]})
            case _:
                mean = row["mean_goldstein"]
                body["mean_goldstein"] = round(mean, 6) if mean is not None else None
                first, last = (row[name].isoformat() if row[name] else None for name in ("first", "last"))
    return body | {"years": list(years.values()), "first": first, "last": last, "note": _NOTE}
