"""What the tables should hold: the log folded record by record in the plainest way, and what they do hold."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
from aiokafka import ConsumerRecord
from aiokafka.partitioner import murmur2
from tests.support.inputs.log_writing import read_log
from tests.support.running.processes import Services
from tests.support.waiting import wait_until

from timeline_service.adapters.postgres.days import use_days
from timeline_service.domain.documents import document_of
from timeline_service.judge.arrivals import Arrival, RawRecord, read_arrival
from timeline_service.judge.entries import Standing, read_said, standing
from timeline_service.judge.fold import History, apply

Rows = list[tuple[Any, ...]]


@dataclass
class Tables:
    """A projection's rows, sorted, in a form that can be compared."""

    revisions: Rows = field(default_factory=list)
    entries: Rows = field(default_factory=list)
    outcomes: Rows = field(default_factory=list)
    pair_counts: Rows = field(default_factory=list)
    checkpoints: Rows = field(default_factory=list)

    def sort(self) -> "Tables":
        """With all rows in order."""
        for rows in (self.revisions, self.entries, self.outcomes, self.pair_counts, self.checkpoints):
            rows.sort(key=repr)
        return self


def arrivals_of(records: Iterable[ConsumerRecord[bytes, bytes]], partitions: int = 3) -> list[Arrival]:
    """The log's records as they arrive, with the times that the contract gives them."""
    latest: dict[int, datetime] = {}
    arrivals = []
    for record in records:
        moment = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        latest[record.partition] = max(moment, latest.get(record.partition, moment))
        raw = RawRecord(
            record.partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers)
        )
        arrivals.append(
            read_arrival(raw, latest[record.partition], lambda key: int((murmur2(key) & 0x7FFFFFFF) % partitions))
        )
    return arrivals


@dataclass
class _Story:
    """One event as the plain fold knows it."""

    history: History | None = None
    content: str | None = None
    stands: Standing | None = None
    parked: bool = False
    revision: list[Any] | None = None
    entries: list[list[Any]] = field(default_factory=list)


def fold_plainly(arrivals: Iterable[Arrival]) -> Tables:
    """The tables that a log must make."""
    stories: dict[str, _Story] = {}
    revisions: list[list[Any]] = []
    entries: list[list[Any]] = []
    outcomes: Rows = []
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
            outcomes.append((place.partition, place.offset, arrival.event_id, outcome, problem, None))
            counts[place.partition, outcome] += 1
            continue
        history, verdict = apply(story.history, record, place)
        counts[place.partition, verdict.outcome] += 1
        if verdict.outcome != "applied":
            verdict_row = (verdict.outcome, verdict.problem, verdict.revision)
            outcomes.append((place.partition, place.offset, arrival.event_id, *verdict_row))
            continue
        assert history is not None
        if story.revision is not None:
            story.revision[4] = place.offset
            for entry in story.entries:
                entry[9] = place.offset
        if record.event is not None and record.content is not None:
            story.content = record.content.decode()
            story.stands = standing(json.loads(story.content))
        assert story.stands is not None
        story.history = history
        story.revision = [
            record.event_id, history.current.number, place.partition, place.offset, None, history.current.action,
            record.record_id, place.recorded_at, history.first_accepted_at, history.first_recorded_at, story.content,
        ]  # fmt: skip
        story.entries = [
            [
                pair, story.stands.span, story.stands.earliest, story.stands.latest, history.first_accepted_at,
                record.event_id, history.current.number, place.partition, place.offset, None, history.retracted,
                *_traits(story.content, pair),
            ]
            for pair in story.stands.pairs
        ]  # fmt: skip
        revisions.append(story.revision)
        entries += story.entries
    tables = Tables([tuple(row) for row in revisions], [tuple(row) for row in entries], outcomes)
    tables.pair_counts = count_pairs(tables.entries)
    tables.checkpoints = [
        (p, end, *(counts[p, name] for name in ("applied", "duplicate", "rejected", "parked")))
        for p, end in ends.items()
    ]
    return tables.sort()


def _traits(content: str | None, pair: str) -> tuple[Any, ...]:
    """What an entry says of its event, read from the words that were stored: type to Goldstein, and who acted."""
    event = json.loads(content or "")
    acted = [pair.split("-").index(code) + 1 for code in event.get("initiators", ()) if code in pair.split("-")]
    names = (event["type"], event.get("valence"), event.get("domain"), event.get("stage"))
    return *names, len(event.get("sources", ())), event.get("goldstein"), *(acted or [0])


def count_pairs(entries: Sequence[tuple[Any, ...]]) -> Rows:
    """What the counters must say, from the entries: current events, and the last record that touched the pair."""
    events: Counter[tuple[int, str]] = Counter()
    last: dict[tuple[int, str], int] = {}
    for pair, *_, partition, from_offset, until_offset, retracted in (entry[:11] for entry in entries):
        key = (partition, pair)
        events[key] += until_offset is None and not retracted
        last[key] = max(last.get(key, 0), from_offset, until_offset or 0)
    return [(*key, events[key], last[key]) for key in last]


async def read_tables(url: str, generation: int = 1) -> Tables:
    """What the tables of a generation hold."""
    connection = await asyncpg.connect(url)
    await use_days(connection)
    try:

        async def rows(table: str, columns: str) -> Rows:
            return [
                tuple(row) for row in await connection.fetch(f"select {columns} from timeline_g{generation}.{table}")
            ]

        return Tables(
            await rows(
                "revisions",
                "event_id::text, revision, partition, from_offset, until_offset, action, record_id, recorded_at, "
                "first_accepted_at, first_recorded_at, content",
            ),
            await rows(
                "entries",
                "pair, span, earliest, latest, accepted_at, event_id::text, revision, partition, from_offset, "
                "until_offset, retracted, type, valence, domain, stage, sources, goldstein, direction",
            ),
            await rows("outcomes", 'partition, "offset", event_id::text, outcome, problem, revision'),
            await rows("pair_counts", "partition, pair, events, last_offset"),
            await rows(
                "checkpoints where next_offset > 0", "partition, next_offset, applied, duplicate, rejected, parked"
            ),
        ).sort()
    finally:
        await connection.close()


async def projected(services: Services, timeout: float = 60, generation: int = 1) -> Tables:
    """What the tables of a generation hold once they have reached the log's end; asserts that it is the log's fold."""
    wanted = fold_plainly(arrivals_of(await read_log(services.bootstrap_servers, services.topic)))
    ends = {row[0]: row[1] for row in wanted.checkpoints}

    async def at_the_end() -> bool:
        connection = await asyncpg.connect(services.database_url)
        try:
            rows = await connection.fetch(f"select partition, next_offset from timeline_g{generation}.checkpoints")
        finally:
            await connection.close()
        return {row[0]: row[1] for row in rows if row[1]} == ends

    await wait_until(at_the_end, timeout, ignore=(OSError, asyncpg.PostgresError))
    found = await read_tables(services.database_url, generation)
    for name in ("checkpoints", "outcomes", "revisions", "entries", "pair_counts"):
        missing, extra = _difference(getattr(wanted, name), getattr(found, name))
        assert not missing, f"{name} misses {missing[:3]}, has {extra[:3]}"
        assert not extra, f"{name} has {extra[:3]}"
    await documents_follow(services.database_url, timeout, generation)
    return found


async def documents_follow(url: str, timeout: float = 60, generation: int = 1) -> None:
    """Assert that there comes to be one document for each revision, with its span, its facets and its words."""
    connection = await asyncpg.connect(url)
    schema = f"timeline_g{generation}"
    try:

        async def level() -> bool:
            return bool(
                await connection.fetchval(
                    f"select coalesce(bool_and(coalesce(s.next_offset, 0) >= c.next_offset), true) "
                    f"from {schema}.checkpoints as c left join {schema}.search_checkpoints as s using (partition)"
                )
            )

        await wait_until(level, timeout)
        rows = await connection.fetch(
            f"select r.content, d.facets, d.words::text as words, "
            f"(r.partition, r.from_offset, r.until_offset, r.action = 'retracted', r.first_accepted_at)::text as made, "
            f"(d.partition, d.from_offset, d.until_offset, d.retracted, d.accepted_at)::text as kept "
            f"from {schema}.revisions as r full join {schema}.documents as d using (event_id, revision)"
        )
        for row in rows:
            assert row["made"] == row["kept"]
            document = document_of(read_said(row["content"]))
            assert sorted(row["facets"]) == sorted(document.facets)
            assert row["words"] == await connection.fetchval("select $1::text::tsvector::text", document.words)
    finally:
        await connection.close()


def _difference(wanted: Rows, found: Rows) -> tuple[Rows, Rows]:
    before, after = Counter(wanted), Counter(found)
    return list((before - after).elements()), list((after - before).elements())
