"""What has changed in a pair as it is read."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import orjson

from event_schemas.positions import format_position
from event_schemas.records import format_time
from timeline_service.adapters.postgres.rows import ChangedRow, StepRow
from timeline_service.domain.changes import Change, changes_between
from timeline_service.domain.revisions import Revision
from timeline_service.queries.views.events import EventView, event_view
from timeline_service.queries.views.fields import Action, Cursor, Number, Pair, Position, Schema, Time


class StepView(TypedDict):
    """A revision: what was done, when, by whom and why."""

    revision: Number
    action: Action
    recorded_at: Time
    principal: str
    reason: str | None
    position: Position


class ChangedView(TypedDict):
    """An event that a reader of the pair was shown at one of two moments alone, or otherwise.

    `event` is as it was at the later moment, and there unless it has left; `before` is as it was at the earlier one,
    and there unless it has appeared. `revisions` are all between the two, and `changes` is what differs in the event
    itself, in whichever pairs it stood.
    """

    change: Literal["appeared", "left", "changed"]
    event: NotRequired[EventView]
    before: NotRequired[EventView]
    revisions: list[StepView]
    changes: list[Change]


Moment = Annotated[str, Schema(description="An instant, or a Timeline-Position, which can be given again.")]


class ChangesView(TypedDict):
    """A page of what has changed in a pair. `since` is null for the beginning, `until` before there was any record."""

    pair: Pair
    since: Moment | None
    until: Moment | None
    items: list[ChangedView]
    next: Cursor | None


def changed_view(row: ChangedRow, steps: Sequence[StepRow]) -> ChangedView:
    """An event that was shown otherwise, by its revisions from the one then to the one now."""
    then = steps[0] if row.revision_then is not None else None
    now = steps[-1]
    view: ChangedView = {
        "change": "changed" if row.shown_then and row.shown_now else "appeared" if row.shown_now else "left",
        "revisions": [_step_view(step) for step in steps if step is not then],
        "changes": changes_between(_said(then), _said(now)) if then is not None else [],
    }
    if row.shown_now:
        view["event"] = event_view(Revision.of(now))
    if row.shown_then and then is not None:
        view["before"] = event_view(Revision.of(then))
    return view


def _step_view(step: StepRow) -> StepView:
    return {
        "revision": step.revision,
        "action": step.action,
        "recorded_at": format_time(step.recorded_at),
        "principal": step.principal,
        "reason": step.reason,
        "position": format_position(step.partition, step.from_offset),
    }


def _said(step: StepRow) -> dict[str, Any]:
    return {"status": "retracted" if step.action == "retracted" else "current", **orjson.loads(step.content)}
