"""The schemas of what is answered, by their names in the OpenAPI document: made of the views."""

from collections.abc import Mapping
from inspect import getdoc
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from service_edge.openapi import JsonObject, list_of, or_null, record, ref
from timeline_service.queries.views.batches import BatchesView, WholeBatchView
from timeline_service.queries.views.changes import ChangedView, ChangesView
from timeline_service.queries.views.countries import CountriesView, CountryView, PairsView, PartnersView
from timeline_service.queries.views.events import EventView, FoundView, RevisionsView, TimelineView
from timeline_service.queries.views.exports import EndLine, GapLine, HeaderLine, RecordLine
from timeline_service.queries.views.names import NamesView
from timeline_service.queries.views.records import ParkedPageView, RecordsView, RecordView, RedriveView
from timeline_service.queries.views.replays import (
    GenerationsView,
    ReplayRequest,
    ReplayResultView,
    ReplaysView,
    ReplayView,
)
from timeline_service.queries.views.status import StateView, StatusView
from timeline_service.queries.views.streams import OutcomeView, ReplayToldView, ToldView
from timeline_service.queries.views.summaries import SummaryView, TypesView

_PUBLISHED: Final[Mapping[str, Any]] = {
    "Country": CountryView,
    "Event": EventView,
    "Timeline": TimelineView,
    "Found": FoundView,
    "Pairs": PairsView,
    "Partners": PartnersView,
    "Names": NamesView,
    "Summary": SummaryView,
    "Revisions": RevisionsView,
    "Changed": ChangedView,
    "Changes": ChangesView,
    "Record": RecordView,
    "Batches": BatchesView,
    "Batch": WholeBatchView,
    "Records": RecordsView,
    "Parked": ParkedPageView,
    "Redrive": RedriveView,
    "Status": StatusView,
    "ReplayRequest": ReplayRequest,
    "Replay": ReplayView,
    "ReplayResult": ReplayResultView,
    "Replays": ReplaysView,
    "ReplayTold": ReplayToldView,
    "Generations": GenerationsView,
    "Told": ToldView,
    "Outcome": OutcomeView,
    "ExportHeader": HeaderLine,
    "ExportedRecord": RecordLine,
    "ExportGap": GapLine,
    "ExportEnd": EndLine,
    "Countries": CountriesView,
    "Types": TypesView,
    "State": StateView,
}
#: Those whose docstrings say more than their fields: they are published as well.
_EXPLAINED: Final = frozenset({"Event", "Changed", "Told", "ExportHeader", "ExportedRecord", "ExportGap", "ExportEnd"})
_NAMES: Final = {view: name for name, view in _PUBLISHED.items()}
_PLAIN: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}


def _schema(kind: Any) -> JsonObject:
    """The schema of a type: a reference, where that is published by a name."""
    return ref(_NAMES[kind]) if kind in _NAMES else _written(kind)


def _written(kind: Any) -> JsonObject:
    if is_typeddict(kind):
        return _record(kind)
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        inner, *notes = parts
        return _annotated(_schema(inner), {name: word for note in notes for name, word in note.keywords.items()})
    if origin in {Union, UnionType}:
        return _union(parts)
    if origin is Literal:
        return {"enum": list(parts)}
    if origin is list:
        return list_of(_schema(parts[0]))
    if origin is dict:
        return {"type": "object"} if parts[1] is Any else {"type": "object", "additionalProperties": _schema(parts[1])}
    return {} if kind is Any else {"type": _PLAIN[kind]}


def _record(kind: type) -> JsonObject:
    fields = get_type_hints(kind, include_extras=True)
    optional = [name for name, field in fields.items() if get_origin(field) is NotRequired]
    return record(optional, **{name: _schema(_required(field)) for name, field in fields.items()})


def _required(field: Any) -> Any:
    return get_args(field)[0] if get_origin(field) is NotRequired else field


def _union(parts: tuple[Any, ...]) -> JsonObject:
    """Null or another thing, or one of several that exclude each other."""
    if NoneType in parts:
        (other,) = (part for part in parts if part is not NoneType)
        return or_null(_schema(other))
    return {"oneOf": [_schema(part) for part in parts]}


def _annotated(schema: JsonObject, keywords: Mapping[str, Any]) -> JsonObject:
    """A schema with keywords. What it is for stands before what it is made of."""
    if "enum" in keywords:
        schema = {}
    words = {name: _schema(word) if isinstance(word, type) else word for name, word in keywords.items()}
    made = schema.keys() & {"anyOf", "oneOf", "items", "properties"}
    before = {"description": words.pop("description")} if made and "description" in words else {}
    return {**before, **schema, **words}


def _published(name: str, view: Any) -> JsonObject:
    explained = {"description": getdoc(view)} if name in _EXPLAINED else {}
    return {**explained, **_written(view)}


SHAPES: Final[Mapping[str, JsonObject]] = {name: _published(name, view) for name, view in _PUBLISHED.items()}
