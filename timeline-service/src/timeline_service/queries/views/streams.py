"""The events of streams as they are read."""

from typing import Annotated, Literal, NotRequired, TypedDict

from timeline_service.queries.views.events import EventView
from timeline_service.queries.views.fields import Action, Number, Position, Positions, Problem, Schema
from timeline_service.queries.views.replays import ReplayView


class OutcomeView(TypedDict):
    """What became of a record, as a live stream tells it."""

    position: Position
    action: Action | None
    revision: Number | None
    event: NotRequired[EventView]
    problem: NotRequired[Problem]


class ToldView(TypedDict):
    """An event of a live stream. `id` is where the listener stands after it, for `Last-Event-ID`."""

    id: Positions
    event: Literal["applied", "left", "duplicate", "rejected", "parked"]
    data: Annotated[str, Schema(contentMediaType="application/json", contentSchema=OutcomeView)]


class ReplayToldView(TypedDict):
    """An event of the stream of a replay."""

    id: NotRequired[str]
    event: Literal["progress", "done"]
    data: Annotated[str, Schema(contentMediaType="application/json", contentSchema=ReplayView)]
