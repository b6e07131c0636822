"""Replays: filed, found, listed and cancelled."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from event_schemas.records import format_time
from timeline_service.adapters.postgres.replays import AlreadyBuildingError
from timeline_service.domain.replays import Kind, Until
from timeline_service.errors import ReplayOverError, ReplayRunningError, UnknownReplayError
from timeline_service.queries.paging import Page
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.replays import ReplayView, replay_view

_NEWEST: Final = (datetime(9999, 12, 31, tzinfo=UTC), "ffffffff-ffff-ffff-ffff-ffffffffffff")


async def file_replay(
    sources: Sources, kind: Kind, *, until: Until | None = None, generation: int | None = None
) -> ReplayView:
    """File a replay; raises ReplayRunningError where another one builds already."""
    written = until.written() if until is not None else None
    try:
        return replay_view(await sources.replays.file(kind, until=written, generation=generation))
    except AlreadyBuildingError as error:
        raise ReplayRunningError(error.running) from error


async def find_replay(sources: Sources, replay_id: str) -> ReplayView:
    """A replay by its id; raises UnknownReplayError."""
    row = await sources.replays.replay(replay_id)
    if row is None:
        raise UnknownReplayError(f"there is no replay {replay_id}: /v1/replays lists those there are")
    return replay_view(row)


async def cancel_replay(sources: Sources, replay_id: str) -> ReplayView:
    """Have a replay end; raises ReplayOverError, and UnknownReplayError."""
    row = await sources.replays.cancel(replay_id)
    if row is None:
        state = (await find_replay(sources, replay_id))["state"]
        raise ReplayOverError(f"the replay {replay_id} is over: its state is {state}")
    return replay_view(row)


async def list_replays(sources: Sources, page: Page, limit: int) -> tuple[Sequence[ReplayView], str | None]:
    """A page of replays, the newest first, and the cursor of the next one."""
    after = (datetime.fromisoformat(page.key[0]), str(page.key[1])) if page.key else _NEWEST
    rows = await sources.replays.replays(after, limit + 1)
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = page.next((), (format_time(last["requested_at"]), str(last["id"])))
    return [replay_view(row) for row in rows[:limit]], following


async def newest_replays(sources: Sources, limit: int) -> Sequence[ReplayView]:
    """The newest replays, the newest first."""
    return [replay_view(row) for row in await sources.replays.replays(_NEWEST, limit)]


async def last_verification(sources: Sources) -> ReplayView | None:
    """The last verification of the whole projection that ran to its end."""
    row = await sources.replays.last_verification()
    return replay_view(row) if row is not None else None
