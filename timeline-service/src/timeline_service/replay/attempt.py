"""An attempt at a replay: what was asked for, and what it is carried out with."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from timeline_service.adapters.postgres.comparison import PostgresComparison
from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.adapters.postgres.reach import PostgresReach
from timeline_service.adapters.postgres.replays import PostgresReplays
from timeline_service.adapters.postgres.scratch import PostgresScratch, scratch_schema
from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.domain.replays import Replay
from timeline_service.replay.recorder import Recorder
from timeline_service.settings import Settings

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool

#: What a replay has found, as it is shown.
Result = dict[str, Any]


class Attempt:
    """One attempt at a replay that was claimed. `schema` is its own, in the scratch, which it leaves empty."""

    def __init__(self, settings: Settings, pool: "Pool", replay: Replay) -> None:
        self.settings = settings
        self.pool = pool
        self.replay = replay
        self.replays = PostgresReplays(pool)
        self.generations = PostgresGenerations(pool, settings.judged_by)
        self.reach = PostgresReach(pool)
        self.scratch = PostgresScratch(pool)
        self.schema = scratch_schema(replay.id)
        self.recorder = Recorder(self.replays, replay.id)

    def comparison(self, live: int) -> PostgresComparison:
        """A comparison with a generation that is live."""
        return PostgresComparison(self.settings.database_url.get_secret_value(), generation_schema(live), self.schema)

    async def finish(self, result: Mapping[str, Any]) -> None:
        """Write down what was found, and that it is over. Once it is, this does nothing."""
        seconds = round((datetime.now(UTC) - self.replay.started_at).total_seconds(), 1)
        await self.replays.finish(self.replay.id, "succeeded", result={**result, "seconds": seconds})
