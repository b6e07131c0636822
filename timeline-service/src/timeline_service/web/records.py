"""`/audit/records`: what was rejected or parked, and why, findable without a position."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from timeline_service.api.filters import CursorText, Limit, Strings
from timeline_service.api.holdings import Held
from timeline_service.api.languages import Language
from timeline_service.api.paging import page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.domain.outcomes import ALL_PROBLEMS, OUTCOMES
from timeline_service.queries.batches import list_batches
from timeline_service.queries.listings import PAGE
from timeline_service.queries.records import list_records, request_redrive
from timeline_service.queries.views.records import ListedRecordView
from timeline_service.web.addresses import PageRoute, with_query, without
from timeline_service.web.filter_forms import Option
from timeline_service.web.form_bodies import read_form
from timeline_service.web.lines import event_url
from timeline_service.web.outcome_words import meaning_of
from timeline_service.web.rendering import PageContext, show
from timeline_service.web.words import instant, label

router = APIRouter(include_in_schema=False, route_class=PageRoute)
#: What is looked for by default: what its writer may not know of.
_REFUSED: Final = ("rejected", "parked")
_LOADS: Final = 100


@dataclass(frozen=True, slots=True)
class RecordLine:
    """What became of a record, why, and where more is told of it."""

    position: str
    outcome: str
    problem: str | None
    meaning: str
    detail: str | None
    at: str
    datetime: str
    principal: str | None
    batch: str | None
    batch_url: str
    title: str
    event_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsContext(PageContext):
    """Records by what became of them, and the form that asks for others."""

    template: ClassVar[str] = "records.html"
    lines: tuple[RecordLine, ...]
    outcomes: tuple[Option, ...]
    problems: tuple[Option, ...]
    batch: str
    batches: tuple[str, ...]
    principal: str
    filtered: bool
    first_url: str | None
    next_url: str | None


@router.get("/audit/records")
async def records(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    language: Language,
    outcome: Annotated[Strings, Query()] = None,
    problem: Annotated[Strings, Query()] = None,
    principal: Annotated[str | None, Query()] = None,
    batch: Annotated[str | None, Query()] = None,
    limit: Limit = PAGE,
    cursor: CursorText = None,
) -> Response:
    """The page, the newest record first; without an outcome or a problem what was rejected or parked."""
    query = request.query_params.multi_items()
    wanted = outcome or (None if problem else list(_REFUSED))
    asked: dict[str, Any] = {"of": "records", "outcome": wanted, "problem": problem, "principal": principal}
    page = page_of(request, held, {**asked, "batch": batch, "generation": awaited.generation}, cursor)
    at, items, following = await list_records(awaited, page, limit)
    titles = await held.sources.reader.titles(at, {item["event_id"] for item in items if item["event_id"]})
    _, loads, _ = await list_batches(awaited, page_of(request, held, {"of": "batches"}), _LOADS)
    selected = without(query, {"cursor", "limit", "min_position"})
    context = RecordsContext(
        title="Rejected and parked records",
        language=language,
        section="audit",
        json_url=with_query(
            "/v1/records", [*without(selected, {"outcome"}), *(("outcome", each) for each in wanted or ())]
        ),
        lines=tuple(_lines(items, titles)),
        outcomes=_options(OUTCOMES, outcome),
        problems=_options(ALL_PROBLEMS, problem),
        batch=batch or "",
        batches=tuple(load["name"] for load in loads),
        principal=principal or "",
        filtered=bool(selected),
        first_url=with_query("/audit/records", selected) if cursor else None,
        next_url=with_query("/audit/records", [*without(query, {"cursor"}), ("cursor", following)])
        if following
        else None,
    )
    return show(request, at, context)


@router.post("/audit/records/{position}/redrive")
async def redrive(request: Request, held: Held, position: Annotated[str, Path()]) -> Response:
    """Have a parked record judged again; leads to what becomes of it."""
    await read_form(request)
    await request_redrive(held.sources, position)
    return RedirectResponse(f"/recorded/{position}", 303)


def _options(codes: Iterable[str], chosen: Strings) -> tuple[Option, ...]:
    return tuple(Option(code, label(code).replace("-", " "), code in (chosen or ())) for code in codes)


def _lines(items: Iterable[ListedRecordView], titles: Mapping[str, str]) -> Iterable[RecordLine]:
    for item in items:
        problem, event_id, batch = item.get("problem"), item["event_id"], item.get("batch")
        yield RecordLine(
            position=item["position"],
            outcome=item["outcome"],
            problem=problem.replace("-", " ") if problem else None,
            meaning=meaning_of(item["outcome"], problem),
            detail=item.get("detail"),
            at=instant(item["recorded_at"]),
            datetime=item["recorded_at"],
            principal=item.get("principal"),
            batch=batch,
            batch_url=with_query("/audit/records", [("batch", batch)]) if batch else "",
            title=titles.get(event_id or "", ""),
            event_url=event_url(event_id) if event_id is not None and event_id in titles else None,
        )
