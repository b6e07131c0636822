"""Sentences about the fold: `given(recorded("a"), corrected("b")).when(retracted()).then(applied, revision=3)`.

All of them are about one event. A record has an id of its own unless it is `named`, so that two can be the same.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, Literal
from uuid import UUID

from event_schemas.event_fields import EventFields
from event_schemas.events import digest_of, read_content
from event_schemas.records import Action, Record
from timeline_service.judge.fold import History, Outcome, Problem, RecordPosition, Verdict, apply

EVENT_ID: Final = str(UUID(int=1))
PARTITION: Final = 3
START: Final = datetime(2026, 2, 13, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Deed:
    """What a record says: an action with a title, but for a retraction, which has none."""

    action: Action
    title: str | None = None
    expecting: int | None = None
    named: str | None = None
    corrects: bool = False

    def record(self, number: int) -> Record:
        """The record of this deed as the n-th of the event."""
        record_id = self.named or f"record {number}"
        if self.corrects:
            told = Record(record_id, EVENT_ID, "recorded", "anonymous", START + timedelta(seconds=number))
            event, content, digest = words(str(self.title))
            return told._replace(
                event=event, content=content, digest=digest, reason="as the feed has it", on_existing="correct"
            )
        reason = None if self.action == "recorded" else "a better source"
        said = (self.action, "anonymous", START + timedelta(seconds=number))
        if self.title is None:
            return Record(record_id, EVENT_ID, *said, reason=reason, expected_revision=self.expecting)
        return Record(record_id, EVENT_ID, *said, *words(self.title), reason, self.expecting)


def recorded(title: str) -> Deed:
    """Somebody posted the event."""
    return Deed("recorded", title)


def told_now(title: str, *, named: str | None = None) -> Deed:
    """A feed said again how things are."""
    return Deed("recorded", title, named=named, corrects=True)


def corrected(title: str, *, expecting: int | None = None, named: str | None = None) -> Deed:
    """Somebody corrected it."""
    return Deed("corrected", title, expecting, named)


def retracted(*, expecting: int | None = None, named: str | None = None) -> Deed:
    """Somebody withdrew it."""
    return Deed("retracted", None, expecting, named)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict in the contract's words."""

    outcome: Outcome
    problem: Problem | None = None


applied: Final = Judgement("applied")
duplicate: Final = Judgement("duplicate")
conflict: Final = Judgement("rejected", "conflict")
unknown_event: Final = Judgement("rejected", "unknown-event")
stale_revision: Final = Judgement("rejected", "stale-revision")
already_retracted: Final = Judgement("rejected", "already-retracted")
withdrawn: Final = Judgement("rejected", "retracted")
no_change: Final = Judgement("rejected", "no-change")


class Given:
    """A log with some deeds in it."""

    def __init__(self, *deeds: Deed) -> None:
        self._count = 0
        self.history: History | None = None
        for deed in deeds:
            self.judge(deed)

    def judge(self, deed: Deed) -> Verdict:
        """Append one more, and say what becomes of it."""
        position = RecordPosition(PARTITION, self._count, START + timedelta(minutes=self._count))
        self._count += 1
        self.history, verdict = apply(self.history, deed.record(self._count), position)
        return verdict

    def when(self, deed: Deed) -> "Judged":
        """One more deed, about which `then` speaks."""
        before = self.history
        return Judged(self, before, self.judge(deed))


class Judged:
    """A log with the verdict on its last deed."""

    def __init__(self, log: Given, before: History | None, verdict: Verdict) -> None:
        self._log, self._before, self._verdict = log, before, verdict

    def then(self, judgement: Judgement, *, revision: int | None = None, of: int | None = None) -> "Judged":
        """The verdict, with the event's revision after it; `of` counts the deed that a duplicate repeats from 1."""
        first = None if of is None else f"{PARTITION}:{of - 1}"
        assert self._verdict == Verdict(judgement.outcome, revision, judgement.problem, first)
        if judgement is not applied:
            assert self._log.history is self._before, "what is not applied changes nothing"
        return self

    def and_the_event_was(self, *actions: Literal["recorded", "corrected", "retracted", "reinstated"]) -> "Judged":
        """What its revisions did, in order."""
        assert self._log.history is not None
        assert tuple(item.action for item in self._log.history.revisions) == actions
        assert [item.number for item in self._log.history.revisions] == list(range(1, len(actions) + 1))
        assert self._log.history.retracted == (actions[-1] == "retracted")
        return self

    def and_it_says(self, title: str) -> "Judged":
        """Its current words, or for a retracted event its last ones."""
        assert self._log.history is not None
        assert self._log.history.digest == words(title)[2]
        return self


given = Given


@cache
def words(title: str) -> tuple[EventFields, bytes, str]:
    """An event with a title, its content and digest."""
    event, content = read_content({"title": title, "when": "2020", "countries": ["IN", "CN"], "type": "ban"})
    return event, content, digest_of(content)
