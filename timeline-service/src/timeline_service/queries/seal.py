"""The key that seals cursors."""

import asyncio
from typing import Final

from timeline_service.adapters.postgres.reader import PostgresReader
from timeline_service.errors import UnavailableError

_PAUSE_SECONDS: Final = 0.2


class CursorSeal:
    """The key that all processes of the API share, so that each can read another's cursors."""

    def __init__(self, reader: PostgresReader) -> None:
        self._reader = reader
        self._secret: bytes | None = None

    async def run(self) -> None:
        """Read the key, as soon as the database answers."""
        while self._secret is None:
            try:
                self._secret = await self._reader.secret("cursors")
            except UnavailableError:
                await asyncio.sleep(_PAUSE_SECONDS)

    def secret(self) -> bytes:
        """The key; raises UnavailableError until it was read."""
        if self._secret is None:
            raise UnavailableError("the service has not reached its database yet")
        return self._secret
