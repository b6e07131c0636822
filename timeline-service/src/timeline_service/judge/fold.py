"""The fold: `apply(history, record, position) -> history, verdict`. No clock, no randomness, no I/O.

An event's history is all that a verdict can depend on, so verdicts are a function of the log alone.
"""

from datetime import datetime
from typing import Final, Literal, NamedTuple

from event_schemas.positions import format_position
from event_schemas.records import Action, Record
from timeline_service.judge.rows import make_row

Outcome = Literal["applied", "duplicate", "rejected"]
Problem = Literal["conflict", "stale-revision", "unknown-event", "already-retracted", "retracted", "no-change"]


class RecordPosition(NamedTuple):
    """Where a record stands in the log, and when Kafka appended it."""

    partition: int
    offset: int
    recorded_at: datetime

    @property
    def text(self) -> str:
        """`partition:offset`."""
        return format_position(self.partition, self.offset)


class Revision(NamedTuple):
    """One applied record of an event, as later verdicts need it. A retraction has no digest."""

    number: int
    action: Action | Literal["reinstated"]
    record_id: str
    digest: str | None
    position: str


class History(NamedTuple):
    """An event's revisions in order, and when it was first accepted and recorded."""

    first_accepted_at: datetime
    first_recorded_at: datetime
    revisions: tuple[Revision, ...]

    @property
    def current(self) -> Revision:
        """The revision that a reader sees."""
        return self.revisions[-1]

    @property
    def retracted(self) -> bool:
        """Whether the event no longer holds."""
        return self.revisions[-1].action == "retracted"

    @property
    def digest(self) -> str | None:
        """The digest of the last content, also of a retracted event."""
        return next((item.digest for item in reversed(self.revisions) if item.digest is not None), None)


class Verdict(NamedTuple):
    """What became of a record. `revision` is the event's after it; `first_position` where the same came first."""

    outcome: Outcome
    revision: int | None = None
    problem: Problem | None = None
    first_position: str | None = None


_FIRST: Final = Verdict("applied", 1)


def apply(history: History | None, record: Record, position: RecordPosition) -> tuple[History | None, Verdict]:
    """The event's history after a record, and the verdict on it, by the contract's list in its order."""
    if record.action == "recorded":
        return _apply_recorded(history, record, position)
    if history is None:
        return None, Verdict("rejected", problem="unknown-event")
    current = history.current.number
    for known in history.revisions:
        if known.record_id == record.record_id:
            return history, Verdict("duplicate", known.number, first_position=known.position)
    if record.expected_revision is not None and record.expected_revision != current:
        return history, Verdict("rejected", current, "stale-revision")
    if record.action == "retracted" and history.retracted:
        return history, Verdict("rejected", current, "already-retracted")
    if record.action == "corrected" and not history.retracted and record.digest == history.digest:
        return history, Verdict("rejected", current, "no-change")
    action: Action | Literal["reinstated"] = record.action
    if record.action == "corrected" and history.retracted:
        action = "reinstated"
    revision = Revision(current + 1, action, record.record_id, record.digest, position.text)
    return history._replace(revisions=(*history.revisions, revision)), Verdict("applied", revision.number)


def _apply_recorded(history: History | None, record: Record, position: RecordPosition) -> tuple[History, Verdict]:
    if history is None:
        first = make_row(Revision, (1, "recorded", record.record_id, record.digest, position.text))
        return make_row(History, (record.accepted_at, position.recorded_at, (first,))), _FIRST
    if record.on_existing is not None:
        return _apply_as_correction(history, record, position)
    for known in history.revisions:
        if known.digest == record.digest:
            return history, Verdict("duplicate", known.number, first_position=known.position)
    return history, Verdict("rejected", history.current.number, "conflict")


def _apply_as_correction(history: History, record: Record, position: RecordPosition) -> tuple[History, Verdict]:
    """A feed says again how things are: what it says holds, whatever was said before, but not against a retraction.

    Only the current content is asked, and no record's id: A, then B, then A again ends at A, and what says nothing new
    is a duplicate of what it repeats.
    """
    current = history.current
    if history.retracted:
        return history, Verdict("rejected", current.number, "retracted")
    if current.digest == record.digest:
        return history, Verdict("duplicate", current.number, first_position=current.position)
    revision = Revision(current.number + 1, "corrected", record.record_id, record.digest, position.text)
    return history._replace(revisions=(*history.revisions, revision)), Verdict("applied", revision.number)
