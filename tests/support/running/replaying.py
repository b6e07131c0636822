"""Replays asked for and waited for, by their table: what carries them out is a replayer of its own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.support.running.processes import Services
from tests.support.waiting import wait_until

from timeline_service.adapters.postgres.database import open_pool
from timeline_service.adapters.postgres.replays import PostgresReplays
from timeline_service.domain.replays import OVER, Kind
from timeline_service.errors import UnavailableError
from timeline_service.queries.views.replays import replay_view


@asynccontextmanager
async def replays_of(services: Services) -> AsyncIterator[PostgresReplays]:
    """The table of replays of some services' database."""
    pool = await open_pool(services.database_url, most=2)
    try:
        yield PostgresReplays(pool)
    finally:
        await pool.close()


async def replayed(
    services: Services,
    kind: Kind = "verify",
    *,
    until: Mapping[str, Any] | None = None,
    generation: int | None = None,
    timeout: float = 90,
) -> dict[str, Any]:
    """Ask for a replay, and wait until it is over; returns its view."""
    async with replays_of(services) as replays:
        filed = await replays.file(kind, until=until, generation=generation)
        return await over(replays, str(filed["id"]), timeout)


async def over(replays: PostgresReplays, replay_id: str, timeout: float = 90) -> dict[str, Any]:
    """Wait until a replay is over; returns its view."""
    found: dict[str, Any] = {}

    async def ended() -> bool:
        row = await replays.replay(replay_id)
        assert row is not None
        found.update(replay_view(row))
        return row["state"] in OVER

    try:
        await wait_until(ended, timeout, ignore=(UnavailableError,))
    except TimeoutError as error:
        raise TimeoutError(f"the replay is not over: {found}") from error
    return found


async def verified(services: Services, timeout: float = 90) -> dict[str, Any]:
    """Verify, and assert that nothing is missing and nothing different; returns the result."""
    view = await replayed(services, timeout=timeout)
    assert view["state"] == "succeeded", view
    assert view["result"]["equal"], view["result"]
    result: dict[str, Any] = view["result"]
    return result
