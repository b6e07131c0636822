"""`/v1/timelines`: the ordered events of a pair, and the pairs there are."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from event_schemas.countries import CountryError, country_code, pair_name, parse_pair
from event_schemas.dates import DateFormatError, parse_when
from timeline_service.adapters.postgres_reader import Moment, PairSelection, SortKey, Span
from timeline_service.api.paging import Page, next_link
from timeline_service.api.reading import At, Reader, Then, answer
from timeline_service.domain.entries import stored_bounds
from timeline_service.domain.vectors import timeline_position
from timeline_service.domain.views import event_view, pair_view
from timeline_service.errors import RefusedError, UnknownError

router = APIRouter(tags=["timelines"])
Match = Literal["overlaps", "within"]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many items on a page.")]
CursorText = Annotated[str | None, Query(description="`next` of the page before.")]
_EDTF: Final = ["2020", "2025-06", "2026-02-13"]


@router.get("/v1/timelines", summary="The pairs that have events")
async def pairs(
    request: Request,
    reader: Reader,
    moment: Then,
    country: Annotated[str | None, Query(description="Only pairs of this country.", examples=["IND"])] = None,
    order: Literal["pair", "count"] = "pair",
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """Pairs with the number of their current events and their first and last known dates."""
    asked = {"of": "pairs", "country": _country("country", country), "order": order, "as_of": _as_of(request)}
    page = Page.of(request, asked, moment, cursor)
    key = (int(page.key[0]), str(page.key[1])) if page.key else (0, None)
    selection = PairSelection(page.query["country"], page.query["order"] == "count", key)
    if cursor is None and page.query["as_of"] is None:
        moment, rows = await reader.pairs_now(selection, limit + 1)
        page = replace(page, vector=moment.vector)
    else:
        moment = Moment(moment.generation, page.vector)
        rows = await reader.pairs_at(moment, selection, limit + 1)
    following = page.next((rows[limit - 1]["count"], rows[limit - 1]["pair"])) if len(rows) > limit else None
    items = [
        pair_view(row["pair"]) | {"count": row["count"], "first": _iso(row["first"]), "last": _iso(row["last"])}
        for row in rows[:limit]
    ]
    return answer(request, moment, {"items": items, "next": following}, headers=next_link(request, following))


@router.get("/v1/timelines/lookup", summary="From two names to a pair's timeline", status_code=307)
async def lookup(
    moment: At,
    a: Annotated[str, Query(description="A country by code or name.", examples=["India"])],
    b: Annotated[str, Query(description="Another one.", examples=["China"])],
) -> RedirectResponse:
    """Redirects to the timeline of the pair of two countries, which may be written as codes or names."""
    first, second = _country("a", a), _country("b", b)
    assert first is not None
    assert second is not None
    if first == second:
        raise RefusedError("/b", f"{first} is named twice: a pair is two countries")
    position = timeline_position(moment.vector)
    headers = {"timeline-position": position} if position else {}
    return RedirectResponse(f"/v1/timelines/{pair_name(first, second)}", 307, headers)


@router.get("/v1/timelines/{pair}", summary="The ordered events of a pair")
async def timeline(
    request: Request,
    reader: Reader,
    moment: Then,
    pair: Annotated[str, Path(description="Two country codes in either order.", examples=["IN-CN"])],
    from_: Annotated[str | None, Query(alias="from", description="EDTF; its first day.", examples=_EDTF)] = None,
    to: Annotated[str | None, Query(description="EDTF; its last day.", examples=_EDTF)] = None,
    match: Annotated[Match, Query(description="`within`: certainly inside.")] = "overlaps",
    order: Literal["asc", "desc"] = "asc",
    include: Literal["retracted"] | None = None,
    count: Annotated[bool, Query(description="Also the exact number of events on all pages.")] = False,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """Events by date of occurrence: `earliest`, then `latest`, then when it was first accepted, then `id`.

    Pages answer at the log position of the first page: nothing is repeated, skipped or moved while the log goes on.
    """
    name = _pair(pair)
    asked = {"of": name, "from": from_, "to": to, "match": match, "order": order, "include": include}
    asked["as_of"] = _as_of(request)
    _span(asked)
    page = Page.of(request, asked, moment, cursor)
    span, retracted = _span(page.query), page.query["include"] == "retracted"
    at = Moment(moment.generation, page.vector)
    rows = await reader.timeline_page(
        at,
        name,
        span,
        retracted=retracted,
        descending=page.query["order"] == "desc",
        after=_sort_key(page.key) if page.key else None,
        limit=limit + 1,
    )
    following = page.next(_written(SortKey.of(rows[limit - 1]))) if len(rows) > limit else None
    body: dict[str, Any] = {**pair_view(name), "items": [event_view(row) for row in rows[:limit]], "next": following}
    if page.query["as_of"] is not None:
        body["as_of"] = page.query["as_of"]
    if count:
        body["count"] = await reader.timeline_count(at, name, span, retracted=retracted)
    return answer(request, at, body, headers=next_link(request, following))


def _as_of(request: Request) -> str | None:
    """`as_of` as written: a page's cursor carries it, its vector is what it means."""
    return request.query_params.get("as_of")


def _pair(text: str) -> str:
    try:
        return parse_pair(text)
    except CountryError as error:
        raise UnknownError("unknown-pair", str(error), error.candidates) from error


def _country(name: str, text: str | None) -> str | None:
    try:
        return country_code(text) if text is not None else None
    except CountryError as error:
        raise RefusedError(f"/{name}", str(error), error.candidates) from error


def _span(query: Any) -> Span:
    bounds: dict[str, date] = {"from": date.min, "to": date.max}
    for name in bounds:
        if (text := query[name]) is not None:
            try:
                when = parse_when(text)
            except DateFormatError as error:
                raise RefusedError(f"/{name}", str(error)) from error
            bounds[name] = stored_bounds(when)[0 if name == "from" else 1]
    if bounds["from"] > bounds["to"]:
        raise RefusedError("/to", f"{query['to']} ends before {query['from']} begins: give the later date as to")
    return Span(bounds["from"], bounds["to"], query["match"] == "within")


def _written(key: SortKey) -> tuple[str, ...]:
    return key.earliest.isoformat(), key.latest.isoformat(), key.accepted_at.isoformat(), key.event_id


def _sort_key(key: tuple[Any, ...]) -> SortKey:
    earliest, latest, accepted_at, event_id = key
    return SortKey(
        date.fromisoformat(earliest), date.fromisoformat(latest), datetime.fromisoformat(accepted_at), event_id
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
