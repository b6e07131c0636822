"""When a record counts as recorded: at its append by Kafka's clock, but no earlier than the record before it.

A broker's clock may step back. Within a partition these times do not, so that a moment is a prefix of each partition.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

#: Before any record, in milliseconds since 1970.
NEVER: Final = 0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def recorded_ms(appended_ms: int, before_ms: int) -> int:
    """When a record counts as recorded, given when it was appended and when the one before it counts as recorded."""
    return max(appended_ms, before_ms)


def instant_of(milliseconds: int) -> datetime:
    """The instant that a number of milliseconds since 1970 names."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def milliseconds_of(instant: datetime) -> int:
    """The milliseconds since 1970 at an instant, rounded."""
    return (instant - _EPOCH + _MILLISECOND / 2) // _MILLISECOND
