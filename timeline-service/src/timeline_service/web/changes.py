"""`/timelines/{pair}/changes`: what a reader of the pair was shown at one moment and not at another."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Literal

from fastapi import APIRouter, Request, Response

from timeline_service.api.filters import CursorText, Limit, PairPath
from timeline_service.api.holdings import Held
from timeline_service.api.languages import Language
from timeline_service.api.listings import read_pair
from timeline_service.api.paging import page_of
from timeline_service.api.read_points import AwaitedRead
from timeline_service.domain.country_names import names_in
from timeline_service.queries.changes import changes_asked, list_changes
from timeline_service.queries.listings import PAGE
from timeline_service.queries.views.changes import ChangedView, StepView
from timeline_service.web.addresses import PageRoute, with_query, without
from timeline_service.web.differences import FieldChange, field_changes
from timeline_service.web.lines import EventLine, event_line
from timeline_service.web.rendering import PageContext, show
from timeline_service.web.static_files import has_static
from timeline_service.web.words import instant

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@dataclass(frozen=True, slots=True)
class StepLine:
    """A revision between the two moments: what was done, when, by whom and why."""

    action: str
    at: str
    datetime: str
    principal: str
    reason: str | None
    position: str
    record_url: str


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """An event that appeared, left or changed, as it is now or was before."""

    change: str
    line: EventLine
    steps: tuple[StepLine, ...]
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesContext(PageContext):
    """What the page of changes shows; without `since` it only asks for that."""

    template: ClassVar[str] = "changes.html"
    pair: str
    names: tuple[str, str]
    pair_url: str
    action: str
    since: str
    until: str
    said_since: str
    said_until: str
    #: The earlier moment where there is little room for it.
    briefly_since: str
    asked: bool
    items: tuple[ChangedLine, ...]
    first_url: str | None
    next_url: str | None
    #: The two moments, for whoever asks for what the graphic draws: what has changed meanwhile is not in the list.
    seam_query: str
    seam_script: bool


@router.get("/timelines/{pair}/changes")
async def changes(
    request: Request,
    held: Held,
    awaited: AwaitedRead,
    language: Language,
    pair: PairPath,
    since: str | None = None,
    until: str | None = None,
    include: Literal["retracted"] | None = None,
    limit: Limit | None = None,
    cursor: CursorText = None,
) -> Response:
    """The page; the moments are instants or positions, of which an answer's own can be given again."""
    name = read_pair(pair)
    names = names_in(language)
    query = request.query_params.multi_items()
    asked = changes_asked(name, since, until, include, awaited.generation)
    found = await list_changes(awaited, page_of(request, held, asked, cursor), name)
    begun = bool(since or cursor)
    rows, following = await found.rows(limit or PAGE) if begun else ([], None)
    head = found.head(following)
    path = f"/timelines/{name}/changes"
    kept = without(query, {"cursor", "min_position"})
    first, second = (names[code] for code in name.split("-"))
    context = ChangesContext(
        title=f"What has changed between {first} and {second}",
        language=language,
        json_url=with_query(f"/v1{path}.json", kept),
        pair=name,
        names=(first, second),
        pair_url=f"/timelines/{name}",
        action=path,
        since=_typed(since),
        until=_typed(until),
        said_since=_said(head["since"]),
        said_until=_said(head["until"]) if until else "now",
        briefly_since=_said(head["since"]) if "-" in (head["since"] or "") else "then",
        asked=begun,
        items=tuple([_line(view, names) async for views in found.views(rows) for view in views]),
        first_url=with_query(path, kept) if cursor else None,
        next_url=with_query(path, [*kept, ("cursor", following)]) if following else None,
        seam_query=with_query("", [*without(kept, {"until", "limit"}), ("until", head["until"] or "")])[1:],
        seam_script=has_static("seam.js"),
    )
    return show(request, found.at, context)


def _line(view: ChangedView, names: Mapping[str, str]) -> ChangedLine:
    event: Any = view.get("event") or view.get("before")
    return ChangedLine(
        change=view["change"],
        line=event_line(event, names),
        steps=tuple(_step(step) for step in view["revisions"]),
        changes=tuple(chain.from_iterable(field_changes(change, names) for change in view["changes"])),
    )


def _step(step: StepView) -> StepLine:
    return StepLine(
        action=step["action"],
        at=instant(step["recorded_at"]),
        datetime=step["recorded_at"],
        principal=step["principal"],
        reason=step["reason"],
        position=step["position"],
        record_url=f"/recorded/{step['position']}",
    )


def _typed(moment: str | None) -> str:
    """A moment as it stands in its field: an instant without what every one has."""
    text = moment or ""
    return text.replace("T", " ").removesuffix("Z").removesuffix(":00") if "-" in text else text


def _said(moment: str | None) -> str:
    """A moment in words."""
    if moment is None:
        return "the beginning"
    return instant(moment) if "-" in moment else f"position {moment}"
