"""A partition of the log folded from its beginning, event by event, into rows that are final."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from timeline_service.judge.batch import Counts, EventState, RowChanges, bounded, fold_batch
from timeline_service.judge.batch_counts import BatchCounts, add_counts
from timeline_service.judge.decoding import RawRecord, decode_records
from timeline_service.judge.recording_times import NEVER, instant_of, recorded_ms
from timeline_service.judge.trusted_keys import TrustedKeys
from timeline_service.replay.loading.spill import Spilled

#: What is decoded of so many records is still at hand, in the processor's caches, when it is folded.
_MAX_RECORDS: Final = 100
_MAX_BYTES: Final = 2 * 1024 * 1024


class Part(NamedTuple):
    """Some records of events, and how many bytes they have."""

    records: Sequence[Spilled]
    size: int


class PairEvents(NamedTuple):
    """The events of a pair, and the last record that touched it."""

    events: int = 0
    last: int = 0


_NO_EVENTS: Final = PairEvents()


class PartitionFold:
    """The fold of one partition, of a topic of so many: first its records are dated, then they are folded."""

    def __init__(self, partitions: int, code_version: str, trusted: TrustedKeys | None = None) -> None:
        self._partitions = partitions
        self._code_version = code_version
        self._trusted = trusted
        self.counts = Counts()
        self.pairs: dict[str, PairEvents] = {}
        self.batch_counts: BatchCounts = {}
        self.last: Spilled | None = None
        self._known: dict[str, EventState] = {}
        self._held = RowChanges()

    def date(self, raw: RawRecord) -> Spilled:
        """The next record of the log, with the time at which it counts as recorded."""
        before, expected = (self.last.recorded, self.last.raw.offset + 1) if self.last is not None else (NEVER, 0)
        self.counts.gaps += raw.offset - expected
        self.last = Spilled(raw, recorded_ms(raw.timestamp, before))
        return self.last

    def end(self, end: int) -> None:
        """The partition ends here: what is not there before it is a gap, too."""
        self.counts.gaps += end - (self.last.raw.offset + 1 if self.last is not None else 0)

    def fold(self, records: Sequence[Spilled]) -> Iterator[RowChanges]:
        """Fold the next records, event by event, and give the rows that they made, as far as these are final."""
        recorded = [(raw, instant_of(recorded)) for raw, recorded in records]
        for part in bounded(decode_records(recorded, self._partitions, self._trusted)):
            known = {item.event_id: EventState() for item in part if item.event_id is not None} | self._known
            changes = fold_batch(part, known, self._code_version)
            last = part[-1].event_id
            self._known = {last: known[last]} if last is not None else {}
            self._hold_back(changes, last)
            self._count(changes)
            yield changes

    def rest(self) -> RowChanges:
        """What was held back, once all is folded."""
        return self._held

    def _hold_back(self, changes: RowChanges, last: str | None) -> None:
        """Hold back the rows of the last event's last revision, which a record yet to come may end."""
        held, self._held = self._held, RowChanges()
        for closed in changes.closed_revisions:  # it can only be the one that was held back
            until = closed.until_offset
            held.revisions = [row._replace(until_offset=until) for row in held.revisions]
            held.entries = [entry._replace(until_offset=until) for entry in held.entries]
        changes.revisions[:0], changes.entries[:0] = held.revisions, held.entries
        changes.contents |= held.contents
        if changes.revisions and changes.revisions[-1].event_id == last:
            row = changes.revisions.pop()
            place = (row.partition, row.from_offset)
            self._held.revisions, self._held.contents = [row], {place: changes.contents[place]}
            while (
                changes.entries and (entry := changes.entries[-1]).event_id == last and entry.revision == row.revision
            ):
                self._held.entries.append(changes.entries.pop())

    def _count(self, changes: RowChanges) -> None:
        for counts in changes.counts.values():
            for name in ("applied", "duplicate", "rejected", "parked"):
                setattr(self.counts, name, getattr(self.counts, name) + getattr(counts, name))
        for (_, pair), (events, last) in changes.pair_counts.items():
            before = self.pairs.get(pair, _NO_EVENTS)
            self.pairs[pair] = PairEvents(before.events + events, max(before.last, last))
        add_counts(self.batch_counts, changes.batch_counts)


def parts_of(events: Iterable[Sequence[Spilled]]) -> Iterator[Part]:
    """The records of events in parts that decode to a bounded number of bytes."""
    part: list[Spilled] = []
    size = 0
    for record in chain.from_iterable(events):
        part.append(record)
        size += len(record.raw.value or b"") + len(record.raw.key or b"")
        if len(part) >= _MAX_RECORDS or size >= _MAX_BYTES:
            yield Part(part, size)
            part, size = [], 0
    if part:
        yield Part(part, size)
