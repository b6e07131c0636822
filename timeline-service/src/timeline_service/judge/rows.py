"""The rows that a fold makes. Their fields are the columns of the generation's tables, in the order of COPY."""

from datetime import date, datetime
from typing import Final, NamedTuple

#: `make_row(EntryRow, (…))` is `EntryRow(…)`, in less than half the time: for rows that every record makes.
make_row: Final = tuple.__new__


class RevisionRow(NamedTuple):
    """One applied record: what it made of its event, and from which offset until which that stands."""

    event_id: str
    revision: int
    partition: int
    from_offset: int
    until_offset: int | None
    action: str
    record_id: str
    principal: str
    reason: str | None
    duplicate_of: str | None
    origin_source: str | None
    origin_id: str | None
    accepted_at: datetime
    recorded_at: datetime
    first_accepted_at: datetime
    first_recorded_at: datetime
    digest: bytes | None
    content: str
    batch: str | None


class EntryRow(NamedTuple):
    """A revision in one of its event's pairs: where it is sorted, and what it can be asked for."""

    pair: str
    span: int
    earliest: date
    latest: date
    accepted_at: datetime
    event_id: str
    revision: int
    partition: int
    from_offset: int
    until_offset: int | None
    retracted: bool
    type: str
    valence: str | None
    domain: str | None
    stage: str | None
    sources: int
    goldstein: float | None
    direction: int


class OutcomeRow(NamedTuple):
    """A record that was not applied, and why. Its bytes are kept where they could not be read, or not judged."""

    partition: int
    offset: int
    event_id: str | None
    outcome: str
    problem: str | None
    detail: str | None
    revision: int | None
    first_position: str | None
    recorded_at: datetime
    key: bytes | None
    value: bytes | None
    headers: bytes | None
    code_version: str | None
    attempted: str | None
    principal: str | None
    batch: str | None


class ClosedRevision(NamedTuple):
    """The row of a revision that was written before, and where it ends."""

    event_id: str
    revision: int
    until_offset: int


class ClosedEntry(NamedTuple):
    """The row of an entry that was written before, by its sort key, and where it ends."""

    pair: str
    span: int
    earliest: date
    latest: date
    accepted_at: datetime
    event_id: str
    until_offset: int
