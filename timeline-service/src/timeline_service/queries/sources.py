"""Where answers come from."""

from dataclasses import dataclass

from timeline_service.adapters.kafka.offsets import KafkaOffsets
from timeline_service.adapters.postgres.batches import PostgresBatches
from timeline_service.adapters.postgres.changes import PostgresChanges
from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.adapters.postgres.marks import PostgresMarks
from timeline_service.adapters.postgres.processes import PostgresProcesses
from timeline_service.adapters.postgres.read_pools import Replicas
from timeline_service.adapters.postgres.reader import PostgresReader
from timeline_service.adapters.postgres.records import PostgresRecords
from timeline_service.adapters.postgres.replays import PostgresReplays
from timeline_service.adapters.postgres.selections import PostgresSelections
from timeline_service.queries.remembered_summaries import RememberedSummaries
from timeline_service.queries.seal import CursorSeal


@dataclass(frozen=True, slots=True)
class Sources:
    """What every question is put to: the projection, the log's ends, the replays, and the key that seals cursors.

    `summaries` are answers that are still true where nothing has touched their pair since.
    """

    topic: str
    reader: PostgresReader
    selections: PostgresSelections
    changes: PostgresChanges
    batches: PostgresBatches
    marks: PostgresMarks
    records: PostgresRecords
    offsets: KafkaOffsets
    replays: PostgresReplays
    processes: PostgresProcesses
    generations: PostgresGenerations
    replicas: Replicas
    seal: CursorSeal
    summaries: RememberedSummaries
