"""Revisions: what was once said of an event, and which record said it."""

from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID


class Revision(NamedTuple):
    """A revision as it is kept. `first_accepted_at` and `first_recorded_at` are of the event's first one."""

    event_id: UUID
    revision: int
    action: str
    partition: int
    from_offset: int
    recorded_at: datetime
    first_accepted_at: datetime
    first_recorded_at: datetime
    content: str

    @classmethod
    def of(cls, row: Any) -> "Revision":
        """The revision that a row holds beside other things."""
        return cls._make(_held(row))


_held: Final = attrgetter(*Revision._fields)
