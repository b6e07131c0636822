"""The redriver: judges again what is parked, between batches, and inside its projector's fence."""

from timeline_service.adapters.postgres.projection import PostgresProjection
from timeline_service.adapters.postgres.redrives import ParkedEvent, PostgresRedrives
from timeline_service.judge.batch import fold_batch
from timeline_service.judge.decoding import decode_records
from timeline_service.judge.trusted_keys import TrustedKeys
from timeline_service.projector.ownership import Ownership


class Redriver:
    """Carries out redrives in the partitions that are owned, of a topic that has so many."""

    def __init__(
        self,
        redrives: PostgresRedrives,
        projection: PostgresProjection,
        ownership: Ownership,
        *,
        partitions: int,
        code_version: str,
        trusted: TrustedKeys | None,
    ) -> None:
        self._redrives = redrives
        self._projection = projection
        self._ownership = ownership
        self._partitions = partitions
        self._code_version = code_version
        self._trusted = trusted

    async def redrive(self) -> bool:
        """Judge again what somebody asked for, or other code has parked: an event's records, oldest first.

        Whether there was any.
        """
        parking = self._ownership.parking
        found = await self._redrives.find(parking, self._code_version) if parking else []
        for parked in found:
            await self._judge(parked)
        return bool(found)

    async def _judge(self, parked: ParkedEvent) -> None:
        records = await self._redrives.load(parked)
        events = [parked.event_id] if parked.event_id is not None else []
        decoded_records = decode_records(records, self._partitions, self._trusted)
        known = await self._projection.load(events, events, parked=False)
        changes = fold_batch(decoded_records, known, self._code_version)
        offsets = [raw.offset for raw, _ in records]
        held = self._ownership.checkpoints
        held[parked.partition] = await self._redrives.replace(held[parked.partition], offsets, changes)
