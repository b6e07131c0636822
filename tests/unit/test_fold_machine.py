"""A state machine that writes random logs and projects them in random batches, held against the event model."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from tests.support.event_model import EventModel, Fact, Kind, Words
from tests.support.memory_rows import MemoryRows, visible

from event_schemas.events import Event, content_of, digest_of, read_event
from event_schemas.json_text import write_json
from event_schemas.records import HEADERS, Action, Record, encode_value
from timeline_service.domain.arrivals import Arrival, RawRecord, read_arrival
from timeline_service.domain.batch import Changes, fold_batch

START: Final = datetime(2026, 2, 13, tzinfo=UTC)
PARTITIONS: Final = (0, 1)
HOMES: Final = {str(UUID(int=number)): number % 2 for number in range(1, 6)}
WORDS: Final = [
    Words("a", "2020", (("CHN", "IND"),)),
    Words("b", "2020", (("CHN", "IND"),)),
    Words("a", "2020-05", (("CHN", "IND"), ("CHN", "USA"), ("IND", "USA"))),
    Words("a", "2020-05-06", (("CHN", "USA"), ("IND", "USA"))),  # the United States acted
    Words("c", "2020/..", (("DEU", "FRA"),)),
    Words("c", "../2019", (("DEU", "FRA"),)),
]
EVENT = st.sampled_from(sorted(HOMES))
SAID = st.sampled_from(WORDS)
EXPECTING = st.sampled_from([None, None, None, 0, 0, -1, 1])
NAMED = st.sampled_from(["anew", "anew", "anew", "as the last", "as the first"])
SIZE = st.integers(0, 4)


class Projecting(RuleBasedStateMachine):
    """Writers on one side, a projector on the other that may be killed between folding and writing."""

    def __init__(self) -> None:
        super().__init__()
        self.model = EventModel()
        self.rows = MemoryRows()
        self.log: dict[int, list[RawRecord]] = {partition: [] for partition in PARTITIONS}
        self.projected = dict.fromkeys(PARTITIONS, 0)

    @rule(event=EVENT, words=SAID)
    def record(self, event: str, words: Words) -> None:
        fact = self.fact(event, "recorded", f"{event} {WORDS.index(words)}", words)
        self.append(fact, value_of(fact))

    @rule(event=EVENT, words=SAID, expecting=EXPECTING, named=NAMED)
    def correct(self, event: str, words: Words, expecting: int | None, named: str) -> None:
        self.change(self.fact(event, "corrected", self.record_id(event, named), words), expecting)

    @rule(event=EVENT, expecting=EXPECTING, named=NAMED)
    def retract(self, event: str, expecting: int | None, named: str) -> None:
        self.change(self.fact(event, "retracted", self.record_id(event, named)), expecting)

    @precondition(lambda self: self.model.facts)
    @rule(back=st.integers(1, 9))
    def send_again(self, back: int) -> None:
        fact = self.model.facts[-min(back, len(self.model.facts))]
        value = self.log[fact.partition][fact.offset].value
        self.append(replace(fact, offset=len(self.log[fact.partition])), value)

    @rule(event=st.sampled_from(sorted(HOMES)[-2:]))  # the others never park
    def write_with_the_code_of_tomorrow(self, event: str) -> None:
        envelope = orjson.loads(value_of(self.fact(event, "retracted", "t")))
        envelope["type"] = "dyadline.event.retracted.v999999"
        self.append(self.fact(event, "of-tomorrow", "t"), orjson.dumps(envelope))

    @rule(event=EVENT, value=st.sampled_from([None, b"", b"\x00\xff", b"{}", b"[1]"]))
    def write_garbage(self, event: str, value: bytes | None) -> None:
        self.append(self.fact(event, "garbage", "g"), value)

    @rule(event=EVENT, words=SAID)
    def write_to_a_wrong_partition(self, event: str, words: Words) -> None:
        elsewhere = 1 - HOMES[event]
        fact = replace(self.fact(event, "recorded", "w", words), partition=elsewhere, offset=len(self.log[elsewhere]))
        self.append(replace(fact, kind="garbage"), value_of(fact))

    @rule(first=SIZE, second=SIZE, swapped=st.booleans())
    def project(self, first: int, second: int, swapped: bool) -> None:
        self.fold({0: first, 1: second}, swapped, killed=False)

    @rule(first=SIZE, second=SIZE)
    def die_before_writing(self, first: int, second: int) -> None:
        self.fold({0: first, 1: second}, False, killed=True)

    def fact(self, event: str, kind: Kind, record_id: str, words: Words | None = None) -> Fact:
        number = len(self.model.facts)
        partition = HOMES[event]
        accepted_at = START + timedelta(microseconds=number)
        return Fact(partition, len(self.log[partition]), event, kind, record_id, accepted_at, words)

    def change(self, fact: Fact, expecting: int | None) -> None:
        current = len(self.model.applied(fact.event))
        fact = replace(fact, expecting=None if expecting is None else max(1, current + expecting))
        self.append(fact, value_of(fact))

    def record_id(self, event: str, named: str) -> str:
        if named == "as the first" and (revisions := self.model.applied(event)):
            return revisions[0].record_id
        told = [fact for fact in self.model.facts if fact.event == event]
        return told[-1].record_id if named == "as the last" and told else f"change {len(self.model.facts)}"

    def append(self, fact: Fact, value: bytes | None) -> None:
        self.model.tell(fact)
        key = str(fact.event).encode()
        self.log[fact.partition].append(RawRecord(fact.partition, fact.offset, 0, key, value, HEADERS))

    def fold(self, sizes: dict[int, int], swapped: bool, killed: bool) -> None:
        """One batch of the next records of each partition; a killed projector folds it and writes nothing."""
        batch = []
        for partition in reversed(PARTITIONS) if swapped else PARTITIONS:
            start = self.projected[partition]
            batch += [arrival(raw) for raw in self.log[partition][start : start + sizes[partition]]]
        changes = folded(self.rows, batch)
        if killed:
            return
        self.rows.write(changes)
        for item in batch:
            self.projected[item.place.partition] += 1
        self.check()

    def check(self) -> None:
        """What can be seen of the projected prefix: one outcome per record, and what stands at its end."""
        for partition, end in self.projected.items():
            counts = self.rows.counts.get(partition)
            assert end == (counts.applied + counts.duplicate + counts.rejected + counts.parked if counts else 0)
            assert self.seen(partition, end) == self.model.visible(partition, end)
        told = {
            fact.position: fact.verdict for fact in self.model.facts if fact.offset < self.projected[fact.partition]
        }
        assert self.rows.verdicts() == told

    def seen(self, partition: int, vector: int) -> list[tuple[object, ...]]:
        names = ("pair", "span", "earliest", "latest", "accepted_at", "event_id", "revision", "retracted")
        return sorted(tuple(row[name] for name in names) for row in visible(self.rows.entries, partition, vector))

    def teardown(self) -> None:
        """Project the rest; then every moment of the log is as the model says, and as one large batch says."""
        self.fold({partition: len(self.log[partition]) for partition in PARTITIONS}, False, killed=False)
        for partition in PARTITIONS:
            for vector in range(len(self.log[partition]) + 1):
                assert self.seen(partition, vector) == self.model.visible(partition, vector)
        assert self.rows.pair_counts == self.model.pair_counts()
        self.check_revisions()
        at_once = MemoryRows()
        at_once.write(folded(at_once, [arrival(raw) for partition in PARTITIONS for raw in self.log[partition]]))
        for name in ("revisions", "entries", "outcomes"):
            assert sorted(getattr(at_once, name), key=repr) == sorted(getattr(self.rows, name), key=repr)
        assert (at_once.pair_counts, at_once.counts) == (self.rows.pair_counts, self.rows.counts)

    def check_revisions(self) -> None:
        """Each event's history: its records in order, each until the next, a retraction with the words before it."""
        for event in HOMES:
            rows = [row for row in self.rows.revisions if row["event_id"] == event]
            facts = self.model.applied(event)
            assert [row["record_id"] for row in rows] == [fact.record_id for fact in facts]
            assert [row["until_offset"] for row in rows] == [fact.offset for fact in facts[1:]] + [None] * bool(facts)
            words: Words | None = None
            for before, row, fact in zip([None, *facts], rows, facts, strict=False):
                words = fact.words or words
                assert words is not None
                assert row["content"] == content(words)[1].decode()
                reinstated = before is not None and before.kind == "retracted"
                assert row["action"] == ("reinstated" if reinstated else fact.kind)


def folded(rows: MemoryRows, batch: list[Arrival]) -> Changes:
    """A batch folded as the projector does it."""
    event_ids = {item.event_id for item in batch if item.event_id is not None}
    changed = {item.record.event_id for item in batch if item.record and item.record.action != "recorded"}
    return fold_batch(batch, rows.load(event_ids, changed))


def arrival(raw: RawRecord) -> Arrival:
    return read_arrival(raw, START + timedelta(seconds=raw.offset), lambda key: HOMES[key.decode()])


def value_of(fact: Fact) -> bytes:
    """A fact's record as the log holds it."""
    actions: dict[Kind, Action] = {"recorded": "recorded", "corrected": "corrected", "retracted": "retracted"}
    event, written, digest = content(fact.words) if fact.words is not None else (None, None, None)
    record = Record(
        fact.record_id, str(fact.event), actions[fact.kind], "anonymous", fact.accepted_at, event, written, digest
    )
    if fact.kind != "recorded":
        record = replace(record, reason="a better source", expected_revision=fact.expecting)
    return encode_value(record)


@cache
def content(words: Words) -> tuple[Event, bytes, str]:
    """The event that says the words, its content and digest."""
    countries = sorted({code for pair in words.pairs for code in pair})
    directed = {"initiators": ["USA"]} if len(words.pairs) == 2 else {}
    event = read_event({"title": words.title, "when": words.when, "countries": countries, "type": "ban", **directed})
    written = write_json(content_of(event))
    return event, written, digest_of(written)


TestProjecting = Projecting.TestCase
TestProjecting.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
