"""Whether the service can answer: asked of the engines by one request at a time, and told soon, whatever they do."""

import asyncio
from typing import Final

from timeline_service.errors import UnavailableError
from timeline_service.queries.sources import Sources
from timeline_service.queries.status import require_lag_within

_PATIENCE: Final = 2.5
#: After so long a request is given up, so that the next one tries another connection.
_GIVEN_UP_SECONDS: Final = 10.0


class Readiness:
    """What orchestrators ask for. A server that does not answer within two and a half seconds is out of reach.

    The request goes on for a while, and whoever asks next is told what came of it. `lag_seconds` is how far the
    projection may be behind the log, 0 for however far.
    """

    def __init__(self, sources: Sources, lag_seconds: float) -> None:
        self._sources = sources
        self._lag_seconds = lag_seconds
        self._asking: asyncio.Task[None] | None = None
        self._engine = ""

    async def require(self) -> None:
        """Raises UnavailableError where the service cannot answer, or not as soon after a write as it has to."""
        asking = self._asking
        if asking is None or asking.done():
            asking = self._asking = asyncio.create_task(self._ask())
            asking.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody waits
        done, _ = await asyncio.wait({asking}, timeout=_PATIENCE)
        if not done:
            raise UnavailableError(f"{self._engine} is out of reach: no answer within {_PATIENCE:g} s")
        asking.result()  # of the question that was waited for: somebody may have asked the next one by now

    async def _ask(self) -> None:
        self._engine = "PostgreSQL"
        try:
            async with asyncio.timeout(_GIVEN_UP_SECONDS):
                await self._sources.reader.read_point()
                self._sources.seal.secret()  # without which there are no cursors
                if self._lag_seconds:
                    self._engine = "Kafka"
                    await require_lag_within(self._sources, self._lag_seconds)
        except TimeoutError as error:
            raise UnavailableError(f"{self._engine} is out of reach: it does not answer") from error
