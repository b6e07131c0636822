"""Selections: which events a reader asks for, whatever the form of the answer."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from timeline_service.domain.word_queries import WordQuery
from timeline_service.judge.days import OPEN_END, OPEN_START, read_day, write_day


@dataclass(frozen=True, slots=True)
class Span:
    """The dates that are asked for, with OPEN_START and OPEN_END for open ends."""

    first: date = OPEN_START
    last: date = OPEN_END
    within: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Events of a pair, or of all. Alternatives of one kind are a tuple; where that is empty everything fits."""

    pair: str | None = None
    country: tuple[str, ...] = ()
    span: Span = Span()
    type: tuple[str, ...] = ()
    valence: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    actor: tuple[str, ...] = ()
    publisher: tuple[str, ...] = ()
    initiator: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    batch: tuple[str, ...] = ()
    words: WordQuery | None = None
    min_sources: int = 0
    retracted: bool = False

    @property
    def narrow(self) -> bool:
        """Whether it names something of which few events are expected, so that all of them can be gathered."""
        return self.words is not None or bool(self.tag or self.actor or self.publisher or self.code or self.batch)

    @property
    def names_strangers(self) -> bool:
        """Whether an initiator is none of the pair: an entry knows its pair's direction, and not who else acted."""
        return bool(self.initiator) and (self.pair is None or any(code not in self.pair for code in self.initiator))

    @property
    def searches(self) -> bool:
        """Whether it takes the documents to answer; all else is answered from the entries of pairs."""
        return self.narrow or self.names_strangers


class Placed(Protocol):
    """A row of a page, which says where its event stands in the contract's order."""

    @property
    def earliest(self) -> date:
        """The first day, or OPEN_START."""

    @property
    def latest(self) -> date:
        """The last day, or OPEN_END."""

    @property
    def accepted_at(self) -> datetime:
        """When the event was first accepted."""

    @property
    def event_id(self) -> UUID:
        """Its id."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """An event's place in the contract's order."""

    earliest: date
    latest: date
    accepted_at: datetime
    event_id: str

    @classmethod
    def of(cls, row: "Placed") -> "SortKey":
        """The key of a row of a page."""
        return cls(row.earliest, row.latest, row.accepted_at, str(row.event_id))

    @classmethod
    def read(cls, written: tuple[Any, ...]) -> "SortKey":
        """A key as a cursor carries it."""
        earliest, latest, accepted_at, event_id = written
        return cls(read_day(earliest), read_day(latest), datetime.fromisoformat(accepted_at), event_id)

    def written(self) -> tuple[str, ...]:
        """The key as a cursor carries it."""
        return write_day(self.earliest), write_day(self.latest), self.accepted_at.isoformat(), self.event_id


FIRST: Final = SortKey(OPEN_START, OPEN_START, datetime(1, 1, 2, tzinfo=UTC), "0" * 8 + "-0000" * 3 + "-" + "0" * 12)
LAST: Final = SortKey(OPEN_END, OPEN_END, datetime(9999, 12, 30, tzinfo=UTC), "f" * 8 + "-ffff" * 3 + "-" + "f" * 12)
