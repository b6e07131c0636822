"""The table of replays: filed and shown by the API, claimed and carried out by the replayer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import asyncpg
import orjson

from timeline_service.adapters.postgres.database import connected_to_control
from timeline_service.adapters.postgres.sql_files import read_statements
from timeline_service.domain.replays import Kind, Replay, State

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool

Row = Mapping[str, Any]
#: What is notified when a replay is filed, cancelled, gets on or ends.
CHANNEL: Final = "dyadline_replays"
#: How the connection of a replayer is called, before its pid and host.
REPLAYER: Final = "dyadline replayer "
_JSON: Final = ("until", "progress", "result")


class PostgresReplays:
    """Replays, as rows whose JSON is read. All methods raise UnavailableError when the server or the table is away."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._sql = read_statements("replays")

    async def file(self, kind: Kind, *, until: Mapping[str, Any] | None = None, generation: int | None = None) -> Row:
        """File a replay; raises AlreadyBuildingError where it would build a generation beside another that does."""
        async with connected_to_control(self._pool) as connection:
            while True:
                row = await connection.fetchrow(self._sql["file"], uuid4(), kind, _written(until), generation)
                if row is not None:
                    await connection.execute(self._sql["notify"], CHANNEL)
                    return _read(row)
                if (running := await connection.fetchval(self._sql["building"])) is not None:
                    raise AlreadyBuildingError(str(running))

    async def replay(self, replay_id: str) -> Row | None:
        """A replay by its id."""
        async with connected_to_control(self._pool) as connection:
            row = await connection.fetchrow(self._sql["replay"], UUID(replay_id))
        return _read(row) if row is not None else None

    async def replays(self, after: tuple[datetime, str], limit: int) -> Sequence[Row]:
        """Replays, the newest first, from behind (requested_at, id) on; without what they list of rows and records."""
        async with connected_to_control(self._pool) as connection:
            rows = await connection.fetch(self._sql["replays"], after[0], UUID(after[1]), limit)
        return [_read(row) for row in rows]

    async def cancel(self, replay_id: str) -> Row | None:
        """Have a replay end; None if it is over or unknown."""
        async with connected_to_control(self._pool) as connection:
            row = await connection.fetchrow(self._sql["cancel"], UUID(replay_id))
            await connection.execute(self._sql["notify"], CHANNEL)
        return _read(row) if row is not None else None

    async def last_verification(self) -> Row | None:
        """The last verification of the whole projection that ran to its end."""
        async with connected_to_control(self._pool) as connection:
            row = await connection.fetchrow(self._sql["last_verification"])
        return _read(row) if row is not None else None

    async def replayers(self) -> list[str]:
        """Who carries replays out, as `host/pid`; empty if nobody does."""
        async with connected_to_control(self._pool) as connection:
            rows = await connection.fetch(self._sql["replayers"], REPLAYER)
        pairs = [row["application_name"].removeprefix(REPLAYER).partition("@") for row in rows]
        return sorted({f"{host}/{pid}" for pid, _, host in pairs})

    async def open(self) -> Sequence[Row]:
        """What is queued or running, the oldest first: id and kind."""
        async with connected_to_control(self._pool) as connection:
            return [dict(row) for row in await connection.fetch(self._sql["open"])]

    async def claim(self, replay_id: UUID, owner: str) -> Replay | None:
        """Begin a replay, or go on with it; None if it is over. Whoever calls it holds the replay's lock."""
        async with connected_to_control(self._pool) as connection:
            row = await connection.fetchrow(self._sql["claim"], replay_id, owner)
        return Replay.read(_read(row)) if row is not None else None

    async def claimed(self, replay_id: UUID) -> Replay | None:
        """A replay that was claimed, as it is written down now."""
        row = await self.replay(str(replay_id))
        return Replay.read(row) if row is not None else None

    async def note_stuck(self, replay_id: UUID) -> int:
        """Count an attempt that has come to a stop although nothing was away; returns how many there were."""
        async with connected_to_control(self._pool) as connection:
            return int(await connection.fetchval(self._sql["note_stuck"], replay_id))

    async def cancelling(self, replay_id: UUID) -> bool:
        """Whether somebody has asked for the replay to be cancelled."""
        async with connected_to_control(self._pool) as connection:
            return bool(await connection.fetchval(self._sql["cancelling"], replay_id))

    async def note_progress(self, replay_id: UUID, progress: Mapping[str, Any]) -> None:
        """Write down how far it is."""
        async with connected_to_control(self._pool) as connection:
            await connection.execute(self._sql["note_progress"], replay_id, _written(progress))
            await connection.execute(self._sql["notify"], CHANNEL)

    async def note_result(self, replay_id: UUID, result: Mapping[str, Any]) -> None:
        """Write down what was found, before that is acted upon."""
        async with connected_to_control(self._pool) as connection:
            await connection.execute(self._sql["note_result"], replay_id, _written(result))

    async def finish(
        self, replay_id: UUID, state: State, *, result: Mapping[str, Any] | None = None, reason: str | None = None
    ) -> None:
        """Write down what came of it."""
        async with connected_to_control(self._pool) as connection:
            await connection.execute(self._sql["finish"], replay_id, state, _written(result), reason)
            await connection.execute(self._sql["notify"], CHANNEL)


class AlreadyBuildingError(Exception):
    """Another replay builds a generation; `running` is its id."""

    def __init__(self, running: str) -> None:
        super().__init__(f"the replay {running} builds a generation already")
        self.running = running


def _written(value: Mapping[str, Any] | None) -> str | None:
    return orjson.dumps(value).decode() if value is not None else None


def _read(row: "asyncpg.Record") -> Row:
    return {**row, **{name: orjson.loads(row[name]) for name in _JSON if row[name] is not None}}
