"""What a projector takes in: the records of its partitions from their checkpoints on, read, in the order of the log."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from timeline_service.adapters.kafka.reader import KafkaReader
from timeline_service.adapters.postgres.projection import Checkpoint
from timeline_service.domain.vectors import OffsetVector
from timeline_service.judge.decoding import DecodedRecord, RawRecord, decode_records
from timeline_service.judge.recording_times import NEVER, instant_of, milliseconds_of, recorded_ms
from timeline_service.judge.trusted_keys import TrustedKeys
from timeline_service.projector.same_log import require_same_record

_SLICE: Final = 200


@dataclass(slots=True)
class Batch:
    """Records read under one assignment, in log order for each partition."""

    assignment: int
    decoded_records: list[DecodedRecord]


class Intake:
    """Reads under one assignment of the group, that which `begin` was told of, and nothing when it is over.

    The topic has so many `partitions`; `until` is where to stop; a batch holds `most` records. With `trusted` keys,
    what is not signed with one of them is refused.
    """

    def __init__(
        self,
        reader: KafkaReader,
        partitions: int,
        until: OffsetVector | None,
        most: int,
        trusted: TrustedKeys | None = None,
    ) -> None:
        self.assignment = 0
        self._reader = reader
        self._partitions = partitions
        self._until = until
        self._most = most
        self._trusted = trusted
        self._unproven: dict[int, Checkpoint] = {}
        self._recorded_ms: dict[int, int] = {}
        self._next_offsets: dict[int, int] = {}

    @property
    def is_current(self) -> bool:
        """Whether the partitions are still those that were begun with."""
        return self._reader.assignment == self.assignment

    def begin(self, assignment: int, checkpoints: Mapping[int, Checkpoint]) -> None:
        """Read partitions from their checkpoints on, after the last record of each that was projected."""
        self.assignment = assignment
        self._unproven = {p: item for p, item in checkpoints.items() if item.last_offset is not None}
        self._recorded_ms = {
            p: milliseconds_of(item.recorded_at) for p, item in checkpoints.items() if item.recorded_at is not None
        }
        self._next_offsets = {p: item.next_offset for p, item in checkpoints.items()}
        for partition, checkpoint in checkpoints.items():
            last = checkpoint.last_offset
            self._reader.begin(partition, last if last is not None else checkpoint.next_offset)

    def unproven(self) -> frozenset[int]:
        """The partitions of which it is not known yet whether they belong to the log that was projected."""
        return frozenset(self._unproven)

    def pass_gap(self, partition: int, position: int) -> int:
        """How many offsets hold no record, from behind the last one that was read up to a position: counted once."""
        gap = position - self._next_offsets[partition]
        self._next_offsets[partition] = position
        return gap

    async def read(self) -> Batch:
        """The next records. Raises HaltError if the log is another one than that which was projected."""
        assignment = self._reader.assignment
        records = await self._reader.read(self._most)
        decoded_records: list[DecodedRecord] = []
        if assignment == self._reader.assignment == self.assignment:
            for partition, fetched in sorted(records.items()):
                fresh = self._within(partition, self._after_proof(partition, fetched))
                for start in range(0, len(fresh), _SLICE):
                    recorded = [self._recorded(record) for record in fresh[start : start + _SLICE]]
                    decoded_records += [
                        self._after_gap(item) for item in decode_records(recorded, self._partitions, self._trusted)
                    ]
                    await asyncio.sleep(0)  # the batch before is being written meanwhile
        return Batch(assignment, decoded_records)

    def _after_proof(self, partition: int, records: Sequence[RawRecord]) -> Sequence[RawRecord]:
        """Hold the first record after a take-over against the one that was projected last: is it the same log?"""
        if (proof := self._unproven.get(partition)) is None or not records:
            return records
        require_same_record(proof, records[0])
        del self._unproven[partition]
        return records[1:]

    def _within(self, partition: int, records: Sequence[RawRecord]) -> Sequence[RawRecord]:
        """The records before `until`."""
        if self._until is None:
            return records
        return [record for record in records if record.offset < self._until[partition]]

    def _after_gap(self, decoded: DecodedRecord) -> DecodedRecord:
        partition, offset, _ = decoded.position
        gap = self.pass_gap(partition, offset)
        self._next_offsets[partition] = offset + 1
        return decoded._replace(gap=gap) if gap else decoded

    def _recorded(self, record: RawRecord) -> tuple[RawRecord, datetime]:
        recorded = recorded_ms(record.timestamp, self._recorded_ms.get(record.partition, NEVER))
        self._recorded_ms[record.partition] = recorded
        return record, instant_of(recorded)
