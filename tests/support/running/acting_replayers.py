"""A replayer that does what a test tells it to: it claims replays, says how far they are, and what came of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
from tests.support.waiting import wait_until

from timeline_service.adapters.postgres.database import open_pool
from timeline_service.adapters.postgres.replays import REPLAYER, PostgresReplays
from timeline_service.domain.replays import PartitionProgress, Progress, State

TABLES = ("events", "pairs", "outcomes")


@dataclass(slots=True)
class ActingReplayer:
    """Acts on the table of replays of a database; is seen as a replayer while it is connected."""

    database_url: str
    replays: PostgresReplays
    connection: "asyncpg.Connection[asyncpg.Record] | None" = None

    async def join(self) -> None:
        """Connect as a replayer does."""
        settings = {"application_name": f"{REPLAYER}4711@test"}
        self.connection = await asyncpg.connect(self.database_url, server_settings=settings)

    async def leave(self) -> None:
        """Be away, as far as anybody can see."""
        if self.connection is not None:
            await self.connection.close()
            await wait_until(self._is_gone)

    async def _is_gone(self) -> bool:
        return not await self.replays.replayers()

    async def claim(self) -> UUID:
        """Begin the replay that waits, as soon as there is one."""
        (row,) = await wait_until(self.replays.open)
        await self.replays.claim(row["id"], "test")
        found: UUID = row["id"]
        return found

    async def tell(self, replay_id: UUID, records: int, total: int, phase: str = "reading the log") -> None:
        """Say how far a replay is."""
        progress = Progress(phase, 1234.0, (total - records) / 1234.0)
        progress.partitions[0] = PartitionProgress(records, total, records * 400)
        await self.replays.note_progress(replay_id, progress.view())

    async def finish(self, replay_id: UUID, *differences: dict[str, Any], more: int = 0, **parts: Any) -> None:
        """End a replay in order, with what it has found."""
        await self.replays.finish(replay_id, "succeeded", result=result_of(*differences, more=more, **parts))

    async def give_up(self, replay_id: UUID, state: State, reason: str | None = None) -> None:
        """End a replay that finds nothing."""
        await self.replays.finish(replay_id, state, reason=reason)


@asynccontextmanager
async def acting_replayer(database_url: str) -> AsyncIterator[ActingReplayer]:
    """One that is connected as a replayer is."""
    pool = await open_pool(database_url, most=2)
    acting = ActingReplayer(database_url, PostgresReplays(pool))
    try:
        await acting.join()
        yield acting
    finally:
        await acting.leave()
        await pool.close()


def digest_of(words: str) -> str:
    """A digest that tests can name."""
    return sha256(words.encode()).hexdigest()


def difference(**parts: Any) -> dict[str, Any]:
    """A field of a row that is not as the log says."""
    shown = {"table": "events", "key": "80d5", "field": "title", "live": "Tampered", "log": "Talks", "position": "0:0"}
    return {**shown, **parts}


def result_of(*differences: dict[str, Any], more: int = 0, **parts: Any) -> dict[str, Any]:
    """What a replay finds: these differences, and so many more that are not listed."""
    counts = {name: sum(item["table"] == name for item in differences) for name in TABLES}
    counts["events"] += more
    return {
        "equal": not differences,
        "digest": digest_of("whole"),
        "log_digest": digest_of("the log" if differences else "whole"),
        "rows": 33,
        "tables": [
            {
                "table": name,
                "rows": 11,
                "digest": digest_of(name),
                "log_digest": digest_of(f"the log's {name}" if counts[name] else name),
                "differences": counts[name],
            }
            for name in TABLES
        ],
        "differences": [*differences],
        "explained": {
            "parked": 0,
            "rejected": 1,
            "duplicate": 2,
            "records": [{"position": "2:1", "outcome": "rejected", "problem": "malformed"}],
        },
        "next_offsets": {"0": 1, "1": 1, "2": 2},
        "seconds": 1.25,
        "code_version": "0.1.0+test",
        **parts,
    }
