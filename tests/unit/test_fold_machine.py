"""A state machine that writes random logs and projects them in random batches, held against the event model."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.support.models.event_model import EventModel, Fact, Kind, Words
from tests.support.models.fact_records import WORDS, content, value_of
from tests.support.models.memory_rows import MemoryRows, visible

from event_schemas.records import HEADERS
from timeline_service.judge.decoding import DecodedRecord, RawRecord, decode_record

START: Final = datetime(2026, 2, 13, tzinfo=UTC)
PARTITIONS: Final = (0, 1)
BATCHES: Final = (None, "one", "two")
HOMES: Final = {str(UUID(int=number)): number % 2 for number in range(1, 5)}
#: The others never do, so that their lives grow long.
MAY_PARK: Final = max(HOMES)
EVENT = st.sampled_from(sorted(HOMES))
KIND = st.sampled_from(["recorded", *["told-now"] * 3, *["corrected"] * 4, *["retracted"] * 3])
SAID = st.sampled_from(WORDS)
EXPECTING = st.sampled_from([None, None, None, 0, 0, -1, 1])
NAMED = st.sampled_from(["anew", "anew", "anew", "as the last", "as the first"])
TROUBLE = st.sampled_from([None, b"", b"\x00\xff", b"{}", b"[1]", "a wrong partition", "a version of tomorrow"])
SIZE = st.integers(0, 4)


class Projecting(RuleBasedStateMachine):
    """Writers on one side, a projector on the other that may be killed between folding and writing."""

    def __init__(self) -> None:
        super().__init__()
        self.model = EventModel()
        self.rows = MemoryRows()
        self.log: dict[int, list[RawRecord]] = {partition: [] for partition in PARTITIONS}
        self.projected = dict.fromkeys(PARTITIONS, 0)

    @initialize(begun=st.lists(EVENT, unique=True, max_size=4), words=SAID)
    def begin(self, begun: list[str], words: Words) -> None:
        for event in begun:
            self.record(event, words)

    @rule(kind=KIND, event=EVENT, words=SAID, expecting=EXPECTING, named=NAMED)
    def write(self, kind: Kind, event: str, words: Words, expecting: int | None, named: str) -> None:
        if kind == "recorded":
            return self.record(event, words)
        current = len(self.model.applied(event))
        fact = self.fact(event, kind, self.record_id(event, named), None if kind == "retracted" else words)
        if kind == "told-now":
            return self.append(fact, value_of(fact))
        fact = replace(fact, expecting=None if expecting is None else max(1, current + expecting))
        self.append(fact, value_of(fact))

    @rule(event=EVENT, named=NAMED)
    def correct_to_the_current_words(self, event: str, named: str) -> None:
        said = [fact.words for fact in self.model.applied(event) if fact.words is not None]
        fact = self.fact(event, "corrected", self.record_id(event, named), said[-1] if said else WORDS[0])
        self.append(fact, value_of(fact))

    @precondition(lambda self: self.model.facts)
    @rule(back=st.integers(1, 9))
    def send_again(self, back: int) -> None:
        fact = self.model.facts[-min(back, len(self.model.facts))]
        value = self.log[fact.partition][fact.offset].value
        self.append(replace(fact, offset=len(self.log[fact.partition])), value)

    @rule(event=EVENT, words=SAID, trouble=TROUBLE)
    def write_what_cannot_be_read(self, event: str, words: Words, trouble: str | bytes | None) -> None:
        fact = self.fact(event, "garbage", "g", words)
        value = value_of(replace(fact, kind="recorded"))
        if trouble == "a wrong partition":
            elsewhere = 1 - HOMES[event]
            self.append(replace(fact, partition=elsewhere, offset=len(self.log[elsewhere])), value)
        elif trouble != "a version of tomorrow":
            assert not isinstance(trouble, str)
            self.append(fact, trouble)
        elif event == MAY_PARK:
            self.append(replace(fact, kind="of-tomorrow"), value.replace(b"recorded.v2", b"recorded.v999999"))

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
        batch = BATCHES[number % len(BATCHES)]
        return Fact(partition, len(self.log[partition]), event, kind, record_id, accepted_at, words, batch=batch)

    def record(self, event: str, words: Words) -> None:
        fact = self.fact(event, "recorded", f"{event} {WORDS.index(words)}", words)
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
            batch += [decoded(raw) for raw in self.log[partition][start : start + sizes[partition]]]
        changes = self.rows.judge(batch)
        if killed:
            return
        self.rows.write(changes)
        for item in batch:
            self.projected[item.position.partition] += 1
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
        assert {key: span.records for key, span in self.rows.batch_counts.items()} == self.model.batch_counts()
        self.check_revisions()
        at_once = MemoryRows()
        at_once.fold([decoded(raw) for partition in PARTITIONS for raw in self.log[partition]])
        for name in ("revisions", "entries", "outcomes"):
            assert sorted(getattr(at_once, name), key=repr) == sorted(getattr(self.rows, name), key=repr)
        for name in ("pair_counts", "batch_counts", "counts"):
            assert getattr(at_once, name) == getattr(self.rows, name)

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
                told = "corrected" if before is not None else "recorded"
                assert row["action"] == ("reinstated" if reinstated else told if fact.kind == "told-now" else fact.kind)


def decoded(raw: RawRecord) -> DecodedRecord:
    return decode_record(raw, START + timedelta(seconds=raw.offset), lambda key: HOMES[key.decode()])


TestProjecting = Projecting.TestCase
TestProjecting.settings = settings(max_examples=200, stateful_step_count=50)
