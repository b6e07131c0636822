"""`/events/{id}`: an event as it stands or stood, where it is written, and its whole history."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar, Final

import orjson
from fastapi import APIRouter, Request, Response

from event_schemas.records import format_time
from service_edge.parameters import EventId
from timeline_service.api.holdings import Held
from timeline_service.api.languages import Language
from timeline_service.api.read_points import AsOf, AsOfReadPoint
from timeline_service.domain.country_names import names_in
from timeline_service.queries.events import find_event, find_history, read_history
from timeline_service.queries.read_points import read_instant
from timeline_service.queries.views.events import EventView, RevisionView
from timeline_service.web.addresses import PageRoute, with_query
from timeline_service.web.differences import FieldChange, field_changes
from timeline_service.web.lines import PairLink, event_url, pair_link
from timeline_service.web.rendering import PageContext, show
from timeline_service.web.source_lines import SourceLine, source_line
from timeline_service.web.words import instant, label, long_date, machine_date, signed

router = APIRouter(include_in_schema=False, route_class=PageRoute)
#: Of a longer history the newest ones are shown; all of it is in the document for programs.
_REVISIONS: Final = 100
#: An event of many countries has very many pairs: there two of them are chosen.
_PAIRS: Final = 24
_ACTIONS: Final = {
    "recorded": "Recorded", "corrected": "Corrected", "retracted": "Retracted", "reinstated": "Reinstated",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """A field of the event, in words, with where others of the kind are found."""

    name: str
    values: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class RevisionLine:
    """A revision: what was done, when, by whom, why, and what it has changed."""

    revision: int
    action: str
    at: str
    datetime: str
    principal: str
    reason: str | None
    position: str
    record_url: str
    duplicate_of: str | None
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Party:
    """A country of the event."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContext(PageContext):
    """What the page of an event shows."""

    template: ClassVar[str] = "event.html"
    id: str
    when: str
    when_as_written: str
    datetime: str | None
    valence: str | None
    sign: str
    type: str
    acted: tuple[str, ...]
    summary: str | None
    retracted: RevisionLine | None
    facts: tuple[Fact, ...]
    attributes: str | None
    sources: tuple[SourceLine, ...]
    pairs: tuple[PairLink, ...]
    #: Where there are too many pairs to be listed: the countries, of which two are chosen.
    parties: tuple[Party, ...]
    pair_count: int
    history: tuple[RevisionLine, ...]
    earlier: int
    history_url: str
    recorded: str | None
    now_url: str | None


@router.get("/events/{event_id}")
async def event(
    request: Request, held: Held, point: AsOfReadPoint, event_id: EventId, language: Language, as_of: AsOf = None
) -> Response:
    """The page of an event; a retracted one has a page too, which says so."""
    view = await find_event(held.sources, point, event_id)
    newest = await find_history(held.sources, point, event_id)
    last: deque[RevisionView] = deque(maxlen=_REVISIONS)
    async for some in read_history(held.sources, point, event_id):
        last.extend(some)
    names = names_in(language)
    query = request.query_params.multi_items()
    history = tuple(_revision_line(each, names) for each in reversed(last))
    path = f"/v1{event_url(view['id'])}"
    many = len(view["pairs"]) > _PAIRS
    context = EventContext(
        title=view["title"],
        language=language,
        json_url=with_query(path, query),
        id=view["id"],
        when=long_date(view["when"]),
        when_as_written=view["when"],
        datetime=machine_date(view["when"]),
        valence=view["valence"],
        sign=signed(view["valence"]) if view["valence"] else "",
        type=label(view["type"]),
        acted=tuple(names[code] for code in view["initiators"]),
        summary=view["summary"],
        retracted=history[0] if view["status"] == "retracted" else None,
        facts=tuple(_facts(view, names)),
        attributes=_written(view["attributes"]) if view["attributes"] else None,
        sources=tuple(source_line(source) for source in view["sources"]),
        pairs=() if many else tuple(pair_link(pair, names) for pair in view["pairs"]),
        parties=tuple(Party(code, names[code]) for code in view["countries"]) if many else (),
        pair_count=len(view["pairs"]),
        history=history,
        earlier=(newest.revision or 0) - len(last),
        history_url=with_query(f"{path}/revisions", query),
        recorded=instant(format_time(read_instant(as_of))) if as_of is not None else None,
        now_url=event_url(view["id"]) if as_of is not None else None,
    )
    return show(request, point, context)


def _facts(view: EventView, names: Mapping[str, str]) -> Sequence[Fact]:
    """What is known beside what the page's head says."""
    countries = [(names[code], with_query("/search", [("country", code)])) for code in view["countries"]]
    actors = [
        (
            f"{actor['name']} ({names[actor['country']]})" if "country" in actor else actor["name"],
            with_query("/search", [("actor", actor["name"])]),
        )
        for actor in view["actors"]
    ]
    codes = [
        (f"{scheme}:{code}", with_query("/search", [("code", f"{scheme}:{code}")]))
        for scheme, code in view["codes"].items()
    ]
    found: Mapping[str, Sequence[tuple[str, str | None]]] = {
        "Type": [(label(view["type"]), with_query("/search", [("type", view["type"])]))],
        "Valence": [(view["valence"], with_query("/search", [("valence", view["valence"])]))]
        if view["valence"]
        else [],
        "Domain": [(view["domain"], with_query("/search", [("domain", view["domain"])]))] if view["domain"] else [],
        "Stage": [(label(view["stage"]), with_query("/search", [("stage", view["stage"])]))] if view["stage"] else [],
        "Countries": countries,
        "Actors": actors,
        "Tags": [(tag, with_query("/search", [("tag", tag)])) for tag in view["tags"]],
        "Codes": codes,
        "Goldstein": [(f"{view['goldstein']:g}".replace("-", "−"), None)] if view["goldstein"] is not None else [],
        "Id": [(view["id"], None)],
    }
    return [Fact(name, tuple(values)) for name, values in found.items() if values]


def _revision_line(view: RevisionView, names: Mapping[str, str]) -> RevisionLine:
    return RevisionLine(
        revision=view["revision"],
        action=_ACTIONS[view["action"]],
        at=instant(view["recorded_at"]),
        datetime=view["recorded_at"],
        principal=view["principal"],
        reason=view["reason"],
        position=view["position"],
        record_url=f"/recorded/{view['position']}",
        duplicate_of=view.get("duplicate_of"),
        changes=tuple(chain.from_iterable(field_changes(change, names) for change in view["changes"])),
    )


def _written(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
