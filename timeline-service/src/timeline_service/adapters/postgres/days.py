"""Days in PostgreSQL's binary format: asyncpg would take the first day of year 1 for an open start."""

from datetime import date
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from timeline_service.judge.days import OPEN_END, OPEN_START

if TYPE_CHECKING:
    import asyncpg

_DAY: Final = Struct(">i")
_EPOCH: Final = date(2000, 1, 1).toordinal()
#: ±infinity (date.h): the ends of a 32-bit integer, the days between them counted from 2000.
_MINUS_INFINITY: Final = _DAY.pack(-(2**31))
_INFINITY: Final = _DAY.pack(2**31 - 1)
_MOST: Final = 20_000


class _Sent(dict[date, bytes]):
    """Days as PostgreSQL receives them (date_recv); the last ones are kept, since each stands in several rows."""

    def __missing__(self, day: date) -> bytes:
        if len(self) >= _MOST:
            self.clear()
        packed = _MINUS_INFINITY if day == OPEN_START else _INFINITY if day == OPEN_END else _packed(day)
        self[day] = packed
        return packed


class _Received(dict[bytes, date]):
    """Days as PostgreSQL sends them (date_send); the last ones are kept."""

    def __missing__(self, packed: bytes) -> date:
        if len(self) >= _MOST:
            self.clear()
        if packed == _MINUS_INFINITY:
            day = OPEN_START
        elif packed == _INFINITY:
            day = OPEN_END
        else:
            day = date.fromordinal(_DAY.unpack(packed)[0] + _EPOCH)
        self[packed] = day
        return day


_sent, _received = _Sent(), _Received()
#: A day as PostgreSQL receives it.
packed_day: Final = _sent.__getitem__


async def use_days(connection: "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]") -> None:
    """Have a connection write and read days so, also in arrays and by COPY."""
    await connection.set_type_codec(
        "date", schema="pg_catalog", format="binary", encoder=packed_day, decoder=_received.__getitem__
    )


def _packed(day: date) -> bytes:
    return _DAY.pack(day.toordinal() - _EPOCH)
