"""What a projection's tables should hold: the log folded record by record in the plainest way."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.support.models.tables import PairCount, PlainCheckpoint, PlainOutcome, PlainRevision, Tables

from timeline_service.judge.arrivals import Arrival
from timeline_service.judge.entries import Standing, standing
from timeline_service.judge.fold import History, apply
from timeline_service.judge.rows import EntryRow


@dataclass
class _Story:
    """One event as the plain fold knows it."""

    history: History | None = None
    content: str | None = None
    stands: Standing | None = None
    parked: bool = False
    revision: PlainRevision | None = None
    entries: list[EntryRow] = field(default_factory=list)


def fold_plainly(arrivals: Iterable[Arrival]) -> Tables:
    """The tables that a log must make."""
    stories: dict[str, _Story] = {}
    tables = Tables()
    counts: Counter[tuple[int, str]] = Counter()
    ends: dict[int, int] = {}
    for arrival in arrivals:
        place = arrival.place
        ends[place.partition] = place.offset + 1
        story = stories.setdefault(arrival.event_id or f"none {place}", _Story())
        refusal, record = arrival.refusal, arrival.record
        if refusal is not None or story.parked or record is None:
            outcome, problem = (refusal.outcome, refusal.problem) if refusal else ("parked", "behind-parked")
            story.parked = story.parked or outcome == "parked"
            tables.outcomes.append(
                PlainOutcome(place.partition, place.offset, arrival.event_id, outcome, problem, None)
            )
            counts[place.partition, outcome] += 1
            continue
        history, verdict = apply(story.history, record, place)
        counts[place.partition, verdict.outcome] += 1
        if verdict.outcome != "applied":
            told = (verdict.outcome, verdict.problem, verdict.revision)
            tables.outcomes.append(PlainOutcome(place.partition, place.offset, arrival.event_id, *told))
            continue
        assert history is not None
        if story.revision is not None:
            tables.revisions.append(story.revision._replace(until_offset=place.offset))
            tables.entries += [entry._replace(until_offset=place.offset) for entry in story.entries]
        if record.event is not None and record.content is not None:
            story.content = record.content.decode()
            story.stands = standing(json.loads(story.content))
        assert story.stands is not None
        story.history = history
        story.revision = PlainRevision(
            record.event_id, history.current.number, place.partition, place.offset, None, history.current.action,
            record.record_id, place.recorded_at, history.first_accepted_at, history.first_recorded_at,
            story.content or "",
        )  # fmt: skip
        story.entries = [
            EntryRow(
                pair, story.stands.span, story.stands.earliest, story.stands.latest, history.first_accepted_at,
                record.event_id, history.current.number, place.partition, place.offset, None, history.retracted,
                *_traits(story.content, pair),
            )
            for pair in story.stands.pairs
        ]  # fmt: skip
    for story in stories.values():
        tables.revisions += [story.revision] if story.revision is not None else []
        tables.entries += story.entries
    tables.pair_counts = count_pairs(tables.entries)
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


def count_pairs(entries: Iterable[EntryRow]) -> list[PairCount]:
    """What the counters must say, from the entries: current events, and the last record that touched the pair."""
    events: Counter[tuple[int, str]] = Counter()
    last: dict[tuple[int, str], int] = {}
    for entry in entries:
        key = (entry.partition, entry.pair)
        events[key] += entry.until_offset is None and not entry.retracted
        last[key] = max(last.get(key, 0), entry.from_offset, entry.until_offset or 0)
    return [PairCount(*key, events[key], last[key]) for key in last]
