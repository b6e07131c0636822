"""Events and their revisions as they are read."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict, cast

import orjson

from event_schemas.countries import pairs_of
from event_schemas.dates import parse_when
from event_schemas.positions import format_position
from event_schemas.records import format_time
from timeline_service.adapters.postgres.rows import HistoryRow
from timeline_service.domain.changes import Change, changes_between
from timeline_service.domain.revisions import Revision
from timeline_service.queries.views.countries import PairView
from timeline_service.queries.views.fields import (
    Action,
    AsOf,
    Batch,
    Code,
    Count,
    Cursor,
    Day,
    Domain,
    Number,
    Pair,
    Position,
    Precision,
    Schema,
    Stage,
    Time,
    Type,
    Uuid,
    Valence,
)


class ActorView(TypedDict):
    """Who acted, and for which country, if that is known."""

    name: str
    country: NotRequired[Code]


class SourceView(TypedDict):
    """Where it is written."""

    url: str
    title: NotRequired[str]
    publisher: NotRequired[str]
    published: NotRequired[str]


class EventView(TypedDict):
    """An event as it is read: what is not known is null or empty."""

    id: Uuid
    title: str
    when: Annotated[str, Schema(description="EDTF, as it was written.")]
    countries: list[Code]
    type: Type
    initiators: list[Code]
    summary: str | None
    valence: Valence | None
    domain: Domain | None
    stage: Stage | None
    actors: list[ActorView]
    sources: list[SourceView]
    tags: list[str]
    codes: dict[str, str]
    goldstein: Annotated[float, Schema(minimum=-10, maximum=10)] | None
    attributes: dict[str, Any]
    earliest: Day | None
    latest: Day | None
    precision: Precision
    approximate: bool
    uncertain: bool
    pairs: list[Pair]
    revision: Number
    status: Literal["current", "retracted"]
    accepted_at: Time
    recorded_at: Time
    revised_at: Time
    position: Position
    snippet: NotRequired[Annotated[str, Schema(description="HTML: escaped text with the words of `q` in `<mark>`.")]]


class FoundView(TypedDict):
    """A page of events of any pairs."""

    items: list[EventView]
    next: Cursor | None
    count: NotRequired[Count]
    as_of: NotRequired[AsOf]


class TimelineView(PairView, FoundView):
    """A page of a pair's events."""


class RevisionView(TypedDict):
    """A revision: what was done, when, by whom and why."""

    revision: Number
    action: Action
    recorded_at: Time
    principal: str
    reason: str | None
    position: Position
    event: EventView
    changes: list[Change]
    duplicate_of: NotRequired[Uuid]
    batch: NotRequired[Batch]


class RevisionsView(TypedDict):
    """An event's history."""

    id: Uuid
    items: list[RevisionView]


#: What a reader finds where an event says nothing.
_ABSENT: Final[Mapping[str, Any]] = {
    "title": None,
    "when": None,
    "countries": (),
    "type": None,
    "initiators": (),
    "summary": None,
    "valence": None,
    "domain": None,
    "stage": None,
    "actors": (),
    "sources": (),
    "tags": (),
    "codes": {},
    "goldstein": None,
    "attributes": {},
}


#: About 16 MB at most of them, usually.
_MOST_REMEMBERED: Final = 8_192
_LONGEST_REMEMBERED: Final = 2_000
_COUNTRIES: Final = '"countries":['
_LONGEST_COUNTRIES: Final = len(_COUNTRIES + '"ARG","BRA","CHL","PER"')


def event_view(row: Revision) -> EventView:
    """An event by its revision. `accepted_at` there is of the first one."""
    return cast(EventView, _view(row, format_time))


def event_json(row: Revision) -> bytes:
    """The same as JSON. A revision never changes: those that were read last, and are not long, are remembered."""
    short = len(row.content) <= _LONGEST_REMEMBERED and _names_few(row.content)
    return (_json_of if short else _json_of.__wrapped__)(row)


def _names_few(content: str) -> bool:
    """Whether it is between few countries: of many the pairs are far longer than all that is said."""
    start = content.find(_COUNTRIES)
    return content.find("]", start) - start <= _LONGEST_COUNTRIES


@lru_cache(maxsize=_MOST_REMEMBERED)
def _json_of(row: Revision) -> bytes:
    # JSON's writer makes text of a time by itself, in a fifth of the time.
    return b"%b" % orjson.dumps(_view(row, _time_for_json), option=orjson.OPT_UTC_Z)


def _view(row: Revision, written: Callable[[datetime], str | datetime]) -> dict[str, Any]:
    event: dict[str, Any] = orjson.loads(row.content)
    recorded_at = written(row.first_recorded_at)
    return {
        "id": str(row.event_id),
        **_ABSENT,
        **event,
        **_when_view(event["when"]),
        "pairs": pairs_of(event["countries"], event.get("initiators", ())),
        "revision": row.revision,
        "status": "retracted" if row.action == "retracted" else "current",
        "accepted_at": written(row.first_accepted_at),
        "recorded_at": recorded_at,
        "revised_at": recorded_at if row.recorded_at == row.first_recorded_at else written(row.recorded_at),
        "position": format_position(row.partition, row.from_offset),
    }


@lru_cache(maxsize=8_192)
def _when_view(text: str) -> Mapping[str, Any]:
    when = parse_when(text)
    return {
        "earliest": when.earliest.isoformat() if when.earliest else None,
        "latest": when.latest.isoformat() if when.latest else None,
        "precision": when.precision,
        "approximate": when.approximate,
        "uncertain": when.uncertain,
    }


def _time_for_json(moment: datetime) -> str | datetime:
    """A time that is written with six digits of microseconds: of a whole second it would be none."""
    return moment if moment.microsecond else format_time(moment)


def revision_views(
    rows: Sequence[HistoryRow], before: dict[str, Any] | None = None
) -> tuple[list[RevisionView], dict[str, Any] | None]:
    """A part of an event's history, each revision with what it changed, and how it stood after it.

    `before` is how it stood after the part before, None at its beginning.
    """
    views: list[RevisionView] = []
    for row in rows:
        stands = {"status": "retracted" if row.action == "retracted" else "current", **orjson.loads(row.content)}
        view: RevisionView = {
            "revision": row.revision,
            "action": row.action,
            "recorded_at": format_time(row.recorded_at),
            "principal": row.principal,
            "reason": row.reason,
            "position": format_position(row.partition, row.from_offset),
            "event": event_view(Revision.of(row)),
            "changes": changes_between(before, stands) if before is not None else [],
        }
        if row.duplicate_of is not None:
            view["duplicate_of"] = str(row.duplicate_of)
        if row.batch is not None:
            view["batch"] = row.batch
        views.append(view)
        before = stands
    return views, before
