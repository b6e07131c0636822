"""The connection of a load, which writes many rows by COPY."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import asyncpg

from timeline_service.adapters.postgres.database import connect, going_away
from timeline_service.adapters.postgres.days import use_days

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

_SESSION: Final = {"application_name": "dyadline replay", "jit": "off", "timezone": "UTC", "synchronous_commit": "off"}
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MOST_INSTANTS: Final = 2_000


class _Instants(dict[datetime, bytes]):
    """Instants as PostgreSQL receives them (timestamptz_recv): microseconds since 2000, in 8 bytes.

    Each stands in several rows, one after the other, so the last ones are kept.
    """

    def __missing__(self, instant: datetime) -> bytes:
        if len(self) >= _MOST_INSTANTS:
            self.clear()
        packed = self[instant] = ((instant - _EPOCH) // _MICROSECOND).to_bytes(8, signed=True)
        return packed


async def connect_to_load(database_url: str) -> "Connection":
    """Connect; a `tsvector` is written as its bytes (tsvectorrecv). Raises UnavailableError when the server is away."""
    with going_away():
        connection = await connect(database_url, **_SESSION)
        for name, encoder in (("tsvector", bytes), ("timestamptz", _Instants().__getitem__)):
            await connection.set_type_codec(name, schema="pg_catalog", format="binary", encoder=encoder, decoder=bytes)
        await use_days(connection)
        return connection
