"""Rows by the names of their columns."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    import asyncpg

Kind = TypeVar("Kind", bound=NamedTuple)


def rows_of(kind: type[Kind], records: "Sequence[asyncpg.Record]") -> list[Kind]:
    """Records as rows of a kind, whose fields are their columns in the same order."""
    assert not records or tuple(records[0].keys()) == kind._fields, (kind, tuple(records[0].keys()))
    return [kind._make(record) for record in records]


def columns_of(kind: type[NamedTuple]) -> str:
    """The columns of rows of a kind, as a statement selects them."""
    return ", ".join(f'"{name}"' for name in kind._fields)


class VectorRow(NamedTuple):
    """How far a partition is, of how many, and how many redrives it has had."""

    partition: int
    next_offset: int
    partition_count: int
    redriven: int


class PairVectorRow(NamedTuple):
    """How far a partition is, as in a VectorRow, and its last record that touched a pair."""

    partition: int
    next_offset: int
    partition_count: int
    redriven: int
    last_offset: int | None


class ReadableRow(NamedTuple):
    """The same, or nothing of it, of the generation that is supposed; and which one is to be read."""

    readable: int
    partition: int | None
    next_offset: int | None
    partition_count: int | None
    redriven: int | None

    @property
    def vector(self) -> VectorRow:
        """The row of the partition, if there is one."""
        return VectorRow._make(_vector(self))


_vector: Final = attrgetter(*VectorRow._fields)


class ReadablePairRow(NamedTuple):
    """As a ReadableRow, and the partition's last record that touched a pair."""

    readable: int
    partition: int | None
    next_offset: int | None
    partition_count: int | None
    redriven: int | None
    last_offset: int | None

    @property
    def vector(self) -> PairVectorRow:
        """The row of the partition, if there is one."""
        return PairVectorRow._make(_pair_vector(self))


_pair_vector: Final = attrgetter(*PairVectorRow._fields)


class TouchedRow(NamedTuple):
    """The last record of a partition that touched a pair."""

    partition: int
    last_offset: int


class ReachedRow(NamedTuple):
    """How far a partition was at an instant."""

    partition: int
    next_offset: int


class BytesRow(NamedTuple):
    """A parked record's own bytes."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: bytes | None


class RequestedRow(NamedTuple):
    """The request of a redrive: when it was made."""

    requested_at: datetime


class CheckpointRow(NamedTuple):
    """How far a partition is, by whom, with what outcomes; why it is projected no further, if so."""

    partition: int
    next_offset: int
    owner: str
    applied: int
    duplicate: int
    rejected: int
    parked: int
    recorded_at: datetime | None
    stopped: str | None


class HistoryRow(NamedTuple):
    """A revision, by whom and why it was made, and the event that said the same before."""

    event_id: UUID
    revision: int
    action: str
    partition: int
    from_offset: int
    recorded_at: datetime
    first_accepted_at: datetime
    first_recorded_at: datetime
    content: str
    principal: str
    reason: str | None
    duplicate_of: UUID | None
    batch: str | None


class NewestRow(NamedTuple):
    """An event's newest revision and its place, and the bytes of the contents of all."""

    revision: int
    partition: int
    from_offset: int
    size: int


class RecordRow(NamedTuple):
    """A record's outcome."""

    event_id: UUID | None
    outcome: str
    problem: str | None
    detail: str | None
    revision: int | None
    first_position: str | None
    recorded_at: datetime
    batch: str | None


class ListedRecordRow(NamedTuple):
    """What became of a record of a list, which stands at a place of its partition."""

    partition: int
    place: int
    event_id: UUID | None
    outcome: str
    problem: str | None
    detail: str | None
    revision: int | None
    first_position: str | None
    recorded_at: datetime
    principal: str | None
    batch: str | None


class ParkedRow(NamedTuple):
    """A parked record; its own bytes, of which there are `size`, may be left out: then `headers` are None."""

    partition: int
    offset: int
    event_id: UUID | None
    problem: str
    detail: str | None
    recorded_at: datetime
    code_version: str
    size: int
    redriving: bool
    key: bytes | None
    value: bytes | None
    headers: bytes | None


class FoundRow(NamedTuple):
    """An event of a page: its place in the order and its current revision, whose content may be left out."""

    event_id: UUID
    revision: int
    earliest: date
    latest: date
    accepted_at: datetime
    retracted: bool
    partition: int
    from_offset: int
    action: str
    recorded_at: datetime
    first_recorded_at: datetime
    size: int
    content: str | None

    @property
    def first_accepted_at(self) -> datetime:
        """The key by which rows are ordered."""
        return self.accepted_at

    @property
    def place(self) -> int:
        """The offset of the record that made it."""
        return self.from_offset


class ChangedRow(NamedTuple):
    """An event that a reader of a pair was shown otherwise, or not at all, at one of two vectors.

    Its place is the last record between the two that concerned the pair; its revisions then and now are those at both
    vectors, wherever the event stood. `size` is about the bytes of what is told of it.
    """

    event_id: UUID
    partition: int
    place: int
    revision_then: int | None
    revision_now: int
    shown_then: bool
    shown_now: bool
    size: int


class StepRow(NamedTuple):
    """A revision on the way from one to another; what it says is `said` of these two alone."""

    event_id: UUID
    revision: int
    action: str
    partition: int
    from_offset: int
    recorded_at: datetime
    first_accepted_at: datetime
    first_recorded_at: datetime
    principal: str
    reason: str | None
    said: str | None

    @property
    def content(self) -> str:
        """What it says, where that was read."""
        assert self.said is not None
        return self.said


class SummaryRow(NamedTuple):
    """A count: by year and valence (`counted` 0), by type (1), by domain (2), and of all (3).

    `goldstein` is the sum of the events that are rated by that scale.
    """

    counted: int
    year: int | None
    valence: str | None
    type: str | None
    domain: str | None
    events: int | None
    goldstein: Decimal | None
    rated: int | None
    first: date | None
    last: date | None


class TitleRow(NamedTuple):
    """An event, and what it is called."""

    event_id: UUID
    title: str


class NameRow(NamedTuple):
    """A tag, an actor or a publisher as a facet, how it is spelled, and how many events have it."""

    facet: str
    spelling: str
    events: int


class PairRow(NamedTuple):
    """A pair, how many events it has, and their first and last known dates."""

    pair: str
    events: int
    first: date | None
    last: date | None


class ExtentRow(NamedTuple):
    """How many events there are, between which days, and whether one of them goes on."""

    events: int
    first: date | None
    last: date | None
    open: bool


class BinRow(NamedTuple):
    """How many events of a side and a valence begin in a bin; in bin 0, where that is before all of them."""

    bin: int
    direction: int
    valence: str | None
    events: int


class MarkRow(NamedTuple):
    """An event as it is drawn; `written` is its date."""

    event_id: UUID
    earliest: date
    latest: date
    retracted: bool
    direction: int
    valence: str | None
    sources: int
    title: str
    written: str


class RedrivenRow(NamedTuple):
    """A record that was judged again, by its number among those of its partition."""

    partition: int
    number: int
    offset: int


class ToldRow(NamedTuple):
    """How many records of a partition were judged again before it had got somewhere."""

    partition: int
    told: int


class AppliedRow(NamedTuple):
    """A revision and the content that it has replaced; both are left out where it `fits` no more."""

    event_id: UUID
    revision: int
    action: str
    partition: int
    from_offset: int
    recorded_at: datetime
    first_accepted_at: datetime
    first_recorded_at: datetime
    size: int
    fits: bool
    content: str
    content_before: str | None

    @property
    def offset(self) -> int:
        """The record's."""
        return self.from_offset


class OtherRow(NamedTuple):
    """A record that made no revision, and what its event was then; that is left out where it `fits` no more."""

    partition: int
    offset: int
    outcome: str
    problem: str | None
    revision: int | None
    recorded_at: datetime
    attempted: str | None
    size: int
    fits: bool
    content: str | None
