"""The contract's verdicts once more, written without a look at the fold: facts per event, judged by its sentences."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal

from timeline_service.judge.days import OPEN_END, OPEN_START

Kind = Literal["recorded", "told-now", "corrected", "retracted", "of-tomorrow", "garbage"]

#: First day, last day and span class of the dates that the tests write.
DATES: Final[dict[str, tuple[date, date, int]]] = {
    "2020": (date(2020, 1, 1), date(2020, 12, 31), 2),
    "2020-05": (date(2020, 5, 1), date(2020, 5, 31), 1),
    "2020-05-06": (date(2020, 5, 6), date(2020, 5, 6), 0),
    "2020/..": (date(2020, 1, 1), OPEN_END, 3),
    "../2019": (OPEN_START, date(2019, 12, 31), 3),
}


@dataclass(frozen=True, slots=True)
class Words:
    """What an event says, as far as the fold cares."""

    title: str
    when: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A record of the log, and what became of it: outcome, problem, revision, where the same came first."""

    partition: int
    offset: int
    event: str | None
    kind: Kind
    record_id: str
    accepted_at: datetime
    words: Words | None = None
    expecting: int | None = None
    batch: str | None = None
    verdict: tuple[str, str | None, int | None, str | None] = ("", None, None, None)

    @property
    def position(self) -> str:
        """`partition:offset`."""
        return f"{self.partition}:{self.offset}"


class EventModel:
    """A log that knows its verdicts."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._revisions: dict[str, list[Fact]] = {}
        self._parked: set[str | None] = set()

    def tell(self, fact: Fact) -> None:
        """Append a fact, judged."""
        told = replace(fact, verdict=self._judge(fact))
        self.facts.append(told)
        if told.verdict[0] == "applied":
            self._revisions.setdefault(str(told.event), []).append(told)
        elif told.verdict[0] == "parked":
            self._parked.add(told.event)

    def applied(self, event: str | None) -> list[Fact]:
        """An event's revisions, of which the first is number 1."""
        return self._revisions.get(str(event), [])

    def _judge(self, fact: Fact) -> tuple[str, str | None, int | None, str | None]:
        if fact.kind == "garbage":
            return "rejected", "malformed", None, None
        if fact.kind == "of-tomorrow":
            return "parked", "unknown-version", None, None
        if fact.event in self._parked:
            return "parked", "behind-parked", None, None
        revisions = self.applied(fact.event)
        current = len(revisions)
        if fact.kind == "told-now" and current:
            return self._judge_what_is_told_now(fact, revisions)
        same = self._same_content if fact.kind == "recorded" else self._same_record
        if fact.kind not in {"recorded", "told-now"} and current == 0:
            return "rejected", "unknown-event", None, None
        for number, revision in enumerate(revisions, 1):
            if same(revision, fact):
                return "duplicate", None, number, revision.position
        if fact.kind in {"recorded", "told-now"}:
            return ("rejected", "conflict", current, None) if current else ("applied", None, 1, None)
        if fact.expecting not in (None, current):
            return "rejected", "stale-revision", current, None
        is_retracted = revisions[-1].kind == "retracted"
        if fact.kind == "retracted" and is_retracted:
            return "rejected", "already-retracted", current, None
        if fact.kind == "corrected" and revisions[-1].words == fact.words:
            return "rejected", "no-change", current, None
        return "applied", None, current + 1, None

    @staticmethod
    def _judge_what_is_told_now(fact: Fact, revisions: list[Fact]) -> tuple[str, str | None, int | None, str | None]:
        current, last = len(revisions), revisions[-1]
        if last.kind == "retracted":
            return "rejected", "retracted", current, None
        if last.words == fact.words:
            return "duplicate", None, current, last.position
        return "applied", None, current + 1, None

    @staticmethod
    def _same_content(revision: Fact, fact: Fact) -> bool:
        return revision.words == fact.words

    @staticmethod
    def _same_record(revision: Fact, fact: Fact) -> bool:
        return revision.record_id == fact.record_id

    def visible(self, partition: int, vector: int) -> list[tuple[Any, ...]]:
        """The timeline entries that a reader at a vector must see."""
        return sorted(entry for event in self._revisions for entry in self._entries(event, partition, vector))

    def _entries(self, event: str, partition: int, vector: int) -> Iterator[tuple[Any, ...]]:
        revisions = [fact for fact in self.applied(event) if fact.partition == partition and fact.offset < vector]
        said = [fact.words for fact in revisions if fact.words is not None]
        if not said:
            return
        earliest, latest, span = DATES[said[-1].when]
        for a, b in said[-1].pairs:
            yield (
                f"{a}-{b}", span, earliest, latest, revisions[0].accepted_at, event, len(revisions),
                revisions[-1].kind == "retracted",
            )  # fmt: skip

    def batch_counts(self) -> Counter[tuple[int, str, str, str]]:
        """How many records each load has by partition, outcome and problem; what could not be read names none."""
        return Counter(
            (fact.partition, fact.batch, fact.verdict[0], fact.verdict[1] or "")
            for fact in self.facts
            if fact.batch is not None and fact.kind not in {"garbage", "of-tomorrow"}
        )

    def pair_counts(self) -> dict[tuple[int, str], tuple[int, int]]:
        """For each partition and pair: its events that hold, and the offset that touched it last."""
        found: dict[tuple[int, str], tuple[int, int]] = {}
        for fact in self.facts:
            if fact.verdict[0] == "applied":
                # A revision touches the pairs of its event before it and after it.
                for vector in (fact.offset, fact.offset + 1):
                    for entry in self._entries(str(fact.event), fact.partition, vector):
                        found[fact.partition, entry[0]] = (0, fact.offset)
        for partition, pair in found:
            holding = [e for e in self.visible(partition, len(self.facts)) if e[0] == pair and not e[-1]]
            found[partition, pair] = (len(holding), found[partition, pair][1])
        return found
