"""What a projection's tables should hold: the log folded record by record in the plainest way."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.models.tables import PairCount, PlainCheckpoint, PlainOutcome, PlainRevision, Tables

from event_schemas.event_fields import fields_of
from timeline_service.judge.batch_counts import BatchCountRow
from timeline_service.judge.decoding import DecodedRecord
from timeline_service.judge.entries import TimelineEntry, timeline_entry
from timeline_service.judge.fold import History, RecordPosition, apply
from timeline_service.judge.rows import EntryRow


@dataclass
class _Story:
    """One event as the plain fold knows it."""

    history: History | None = None
    content: str | None = None
    entry: TimelineEntry | None = None
    parked: bool = False
    revision: PlainRevision | None = None
    entries: list[EntryRow] = field(default_factory=list)


def fold_plainly(decoded_records: Iterable[DecodedRecord]) -> Tables:
    """The tables that a log must make."""
    stories: dict[str, _Story] = {}
    tables = Tables()
    counts: Counter[tuple[int, str]] = Counter()
    ends: dict[int, int] = {}
    arrived = list(decoded_records)
    for decoded in arrived:
        position = decoded.position
        ends[position.partition] = position.offset + 1
        story = stories.setdefault(decoded.event_id or f"none {position}", _Story())
        rejection, record = decoded.rejection, decoded.record
        if rejection is not None or story.parked or record is None:
            outcome, problem = (rejection.outcome, rejection.problem) if rejection else ("parked", "behind-parked")
            story.parked = story.parked or outcome == "parked"
            tables.outcomes.append(
                PlainOutcome(
                    position.partition, position.offset, decoded.event_id, outcome, problem, None, _batch_of(decoded)
                )
            )
            counts[position.partition, outcome] += 1
            continue
        history, verdict = apply(story.history, record, position)
        counts[position.partition, verdict.outcome] += 1
        if verdict.outcome != "applied":
            told = (verdict.outcome, verdict.problem, verdict.revision)
            tables.outcomes.append(
                PlainOutcome(position.partition, position.offset, decoded.event_id, *told, record.batch)
            )
            continue
        assert history is not None
        if story.revision is not None:
            tables.revisions.append(story.revision._replace(until_offset=position.offset))
            tables.entries += [entry._replace(until_offset=position.offset) for entry in story.entries]
        if record.event is not None and record.content is not None:
            story.content = record.content.decode()
            story.entry = timeline_entry(fields_of(json.loads(story.content)))
        assert story.entry is not None
        story.history = history
        story.revision = PlainRevision(
            record.event_id, history.current.number, position.partition, position.offset, None, history.current.action,
            record.record_id, position.recorded_at, history.first_accepted_at, history.first_recorded_at,
            story.content or "", record.batch,
        )  # fmt: skip
        story.entries = [
            EntryRow(
                pair, story.entry.span, story.entry.earliest, story.entry.latest, history.first_accepted_at,
                record.event_id, history.current.number, position.partition, position.offset, None, history.retracted,
                *_traits(story.content, pair),
            )
            for pair in story.entry.pairs
        ]  # fmt: skip
    for story in stories.values():
        tables.revisions += [story.revision] if story.revision is not None else []
        tables.entries += story.entries
    tables.pair_counts = count_pairs(tables.entries)
    tables.batch_counts = count_batches(tables, {each.position[:2]: each.position for each in arrived})
    tables.checkpoints = [
        PlainCheckpoint(p, end, *(counts[p, name] for name in ("applied", "duplicate", "rejected", "parked")))
        for p, end in ends.items()
    ]
    return tables.sort()


def _traits(content: str | None, pair: str) -> tuple[Any, ...]:
    """What an entry says of its event, read from the words that were stored: type to Goldstein, and who acted."""
    event = json.loads(content or "")
    acted = [pair.split("-").index(code) + 1 for code in event.get("initiators", ()) if code in pair.split("-")]
    names = (event["type"], event.get("valence"), event.get("domain"), event.get("stage"))
    return *names, len(event.get("sources", ())), event.get("goldstein"), *(acted or [0])


def _batch_of(decoded: DecodedRecord) -> str | None:
    return decoded.record.batch if decoded.record is not None else None


def count_batches(tables: Tables, positions: Mapping[tuple[int, int], RecordPosition]) -> list[BatchCountRow]:
    """What the counters of loads must say, from the revisions and outcomes that name one."""
    found: dict[tuple[int, str, str, str], list[RecordPosition]] = {}
    for made in tables.revisions:
        if made.batch is not None:
            key = (made.partition, made.batch, "applied", "")
            found.setdefault(key, []).append(positions[made.partition, made.from_offset])
    for row in tables.outcomes:
        if row.batch is not None:
            other = (row.partition, row.batch, row.outcome, row.problem or "")
            found.setdefault(other, []).append(positions[row.partition, row.offset])
    return [
        BatchCountRow(
            *key, len(at), min(each.offset for each in at), max(each.offset for each in at),
            min(each.recorded_at for each in at), max(each.recorded_at for each in at),
        )
        for key, at in found.items()
    ]  # fmt: skip


def count_pairs(entries: Iterable[EntryRow]) -> list[PairCount]:
    """What the counters must say, from the entries: current events, and the last record that touched the pair."""
    events: Counter[tuple[int, str]] = Counter()
    last: dict[tuple[int, str], int] = {}
    for entry in entries:
        key = (entry.partition, entry.pair)
        events[key] += entry.until_offset is None and not entry.retracted
        last[key] = max(last.get(key, 0), entry.from_offset, entry.until_offset or 0)
    return [PairCount(*key, events[key], last[key]) for key in last]
