"""What the product answers once all is quiet, beside what the log says: verdicts, events, timelines, counts, search."""

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from tests.faults.soak.checker.asker import Asker, UnansweredError, each
from tests.faults.soak.checker.findings import Findings
from tests.faults.soak.checker.language import (
    content_of,
    digest_of,
    format_positions,
    milliseconds_of,
    shown_day,
    time_of,
)
from tests.faults.soak.checker.story_check import sequence_differences, verdict_difference
from tests.faults.soak.checker.timelines import pair_counts, timeline_at, vector_as_of
from tests.faults.soak.checker.verdicts import Event, Log, Record
from tests.faults.soak.load.history import VerdictSeen

T = TypeVar("T")
PAGE: Final = 1000


class AnswerCheck:
    """One look at all that the product shows. With more than `most` of a kind to ask for one by one, it draws lots."""

    def __init__(self, asker: Asker, log: Log, findings: Findings, *, most: int, seed: int = 15) -> None:
        self._asker, self._log, self._findings = asker, log, findings
        self._most = most
        self._seed = seed
        self._events = sorted(log.events.values(), key=lambda event: event.id)
        self._shown: set[str] = set()

    async def run(self) -> None:
        """Ask for everything."""
        await self.verdicts()
        await self.timelines()
        await self.rest()

    async def rest(self) -> None:
        """Histories, single events, moments, counts and search."""
        await self.histories()
        await self.events()
        for check in (self.moments(), self.counts(), self.search()):
            await self._guard(check)

    async def verdicts(self) -> None:
        """`/v1/records/{position}`: of all records, or, where they are many, of all that made no revision.

        The others are found again as the positions of events and their revisions.
        """
        records = list(self._log.all())
        if len(records) > self._most:
            records = [record for record in records if record.outcome != "applied"]
            records = self._some(records, self._most * 5)
        await self._each(records, self._verdict)
        self._findings.looked_at["verdicts"] += len(records)

    async def _verdict(self, record: Record) -> None:
        path = f"/v1/records/{record.position}"
        body = await self._asker.get(path, missing=True)
        if body is None:
            self._findings.add("lost", f"{record.position} has no verdict, it should be {record.outcome}")
            return
        if difference := verdict_difference(record, VerdictSeen.of(body)):
            self._findings.add("wrong", difference)
        ours = record.problem == "malformed" or body["event_id"] == record.event_id
        if body["position"] != record.position or not ours:
            self._findings.add("wrong", f"{path} is about {body['position']} of the event {body['event_id']}")
        if record.outcome != "parked" and milliseconds_of(body["recorded_at"]) != record.recorded_at:
            sentence = f"{path} says recorded at {body['recorded_at']}, the log {time_of(record.recorded_at)}"
            self._findings.add("wrong", sentence)

    async def timelines(self) -> None:
        """Every pair's timeline, with and without retracted events: its order, and each event as it stands."""
        pairs = sorted(self._log.pairs)
        await self._each(pairs, self._whole_timeline)
        await self._each(self._some(pairs, self._most), self._current_timeline)
        unseen = self._log.events.keys() - self._shown
        if unseen:
            self._findings.add("lost", f"{len(unseen)} events stand in no timeline, such as {min(unseen)}")

    async def _whole_timeline(self, pair: str) -> None:
        await self._timeline(pair, retracted=True)

    async def _current_timeline(self, pair: str) -> None:
        await self._timeline(pair, retracted=False)

    async def _timeline(self, pair: str, *, retracted: bool) -> None:
        told: list[tuple[str, int]] = []
        parameters = {"limit": PAGE, **({"include": "retracted"} if retracted else {})}
        async for items in self._asker.pages(f"/v1/timelines/{pair}", parameters):
            told += [(item["id"], item["revision"]) for item in items]
            for item in items if retracted else ():
                self._check_event(f"the timeline of {pair}", item)
        expected = timeline_at(self._log, pair, self._log.end, retracted=retracted)
        self._compare(f"the timeline of {pair}{' with retracted ones' if retracted else ''}", told, expected)
        self._findings.looked_at["events in timelines"] += len(told)

    async def histories(self) -> None:
        """`/v1/events/{id}/revisions` of every event that has more than one."""
        many = self._some([event for event in self._events if len(event.revisions) > 1], self._most)
        await self._each(many, self._history)
        self._findings.looked_at["histories"] += len(many)

    async def _history(self, event: Event) -> None:
        body = await self._asker.get(f"/v1/events/{event.id}/revisions", missing=True)
        told = [
            (
                each["revision"], each["action"], each["position"], milliseconds_of(each["recorded_at"]),
                each["reason"], digest_of(content_of(each["event"])),
            )
            for each in (body or {"items": []})["items"]
        ]  # fmt: skip
        expected = [
            (n, each.action, event.position(n), each.recorded_at, each.reason, each.words.digest)
            for n, each in enumerate(event.revisions, 1)
        ]
        if told == expected:
            return
        where = f"the history of {event.id}"
        if len(told) < len(expected):
            self._findings.add("lost", f"{where} has {len(told)} revisions, the log makes {len(expected)}")
        elif len(told) > len(expected):
            self._findings.add("twice", f"{where} has {len(told)} revisions, the log makes {len(expected)}")
        else:
            one, other = next((one, other) for one, other in zip(told, expected, strict=True) if one != other)
            self._findings.add("wrong", f"{where} says {one[:5]}, the log {other[:5]}")

    async def events(self) -> None:
        """`/v1/events/{id}` of some, or all where they are few."""
        some = self._some(self._events, self._most // 4)
        await self._each(some, self._event)
        self._findings.looked_at["events"] += len(some)

    async def _event(self, event: Event) -> None:
        item = await self._asker.get(f"/v1/events/{event.id}", missing=True)
        if item is None:
            self._findings.add("lost", f"the event {event.id} is not found")
        else:
            self._check_event(f"/v1/events/{event.id}", item)

    def _check_event(self, where: str, item: dict[str, Any]) -> None:
        """An event as shown, beside its last revision."""
        event = self._log.events.get(item["id"])
        if event is None:
            return  # the comparison of lists has told it
        self._shown.add(event.id)
        current, number = event.current, len(event.revisions)
        told = {
            **{name: item[name] for name in ("revision", "status", "position", "accepted_at", "earliest", "latest")},
            "pairs": tuple(item["pairs"]),
            "recorded_at": milliseconds_of(item["recorded_at"]),
            "revised_at": milliseconds_of(item["revised_at"]),
            "content": digest_of(content_of(item)),
        }
        expected = {
            "revision": number,
            "status": "retracted" if current.retracted else "current",
            "position": event.position(number),
            "accepted_at": event.accepted_at,
            "earliest": shown_day(current.words.earliest),
            "latest": shown_day(current.words.latest),
            "pairs": current.words.pairs,
            "recorded_at": event.recorded_at,
            "revised_at": current.recorded_at,
            "content": current.words.digest,
        }
        if told != expected:
            names = [name for name in told if told[name] != expected[name]]
            pairs = ", ".join(f"{name} {told[name]!r} instead of {expected[name]!r}" for name in names)
            self._findings.add("wrong", f"{where} shows {event.id} with {pairs}")

    async def moments(self) -> None:
        """`as_of` a few instants, which are those of records, a millisecond before and between."""
        busy = sorted(self._log.pairs, key=lambda pair: (-len(self._log.pairs[pair]), pair))[:12]
        now = time.time() * 1000
        times = sorted({each.recorded_at for each in self._log.all() if each.recorded_at < now - 1_000})
        for instant in self._some(times, 6):
            for at in (instant, instant - 1):
                pair = random.Random(at).choice(busy)
                told: list[tuple[str, int]] = []
                parameters = {"as_of": time_of(at), "limit": PAGE, "include": "retracted"}
                async for items in self._asker.pages(f"/v1/timelines/{pair}", parameters):
                    told += [(item["id"], item["revision"]) for item in items]
                expected = timeline_at(self._log, pair, vector_as_of(self._log, at), retracted=True)
                self._compare(f"the timeline of {pair} as of {time_of(at)}", told, expected)
                self._findings.looked_at["moments"] += 1

    async def counts(self) -> None:
        """`/v1/timelines`: every pair with its count and bounds."""
        told: dict[str, tuple[int, str | None, str | None]] = {}
        async for items in self._asker.pages("/v1/timelines", {"limit": 200}):
            for item in items:
                if item["pair"] in told:
                    self._findings.add("twice", f"/v1/timelines lists {item['pair']} twice")
                told[item["pair"]] = (item["count"], item["first"], item["last"])
        expected = pair_counts(self._log)
        for pair in sorted({*told, *expected}):
            if told.get(pair) != expected.get(pair):
                sentence = f"/v1/timelines says {told.get(pair)} of {pair}, the log makes it {expected.get(pair)}"
                self._findings.add("wrong", sentence)
        self._findings.looked_at["pairs"] += len(expected)

    async def search(self) -> None:
        """The last word of a title, which no other event has, finds its event; a tag finds all that have it."""
        current = [event for event in self._events if not event.current.retracted]
        for event in self._some(current, 40):
            word = event.current.words.title.split()[-1]
            await self._found({"q": word}, lambda each, word=word: each.current.words.title.split()[-1] == word)
        tags = sorted({tag for event in current for tag in event.current.words.tags})
        for tag in self._some(tags, 4):
            await self._found({"tag": tag}, lambda each, tag=tag: tag in each.current.words.tags)

    async def _found(self, parameters: dict[str, Any], fits: Any) -> None:
        told: list[tuple[str, int]] = []
        position = format_positions(self._log.end)
        async for items in self._asker.pages("/v1/events", {**parameters, "limit": PAGE, "min_position": position}):
            told += [(item["id"], item["revision"]) for item in items]
        events = [event for event in self._events if not event.current.retracted and fits(event)]
        events.sort(key=lambda event: event.order(len(event.revisions)))
        expected = [(event.id, len(event.revisions)) for event in events]
        self._compare(f"the search for {parameters}", told, expected)
        self._findings.looked_at["searches"] += 1

    def _compare(self, what: str, told: list[tuple[str, int]], expected: list[tuple[str, int]]) -> None:
        for kind, sentence in sequence_differences(told, expected):
            self._findings.add(kind, f"{what} {sentence}")

    async def _each(self, things: Sequence[T], ask: Callable[[T], Awaitable[None]]) -> None:
        async def guarded(thing: T) -> None:
            await self._guard(ask(thing))

        await each(things, guarded)

    async def _guard(self, asking: Awaitable[None]) -> None:
        """What is not answered, or in a shape that the contract does not have, is a finding too."""
        try:
            await asking
        except UnansweredError as error:
            self._findings.add("wrong", str(error))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            self._findings.add("wrong", f"an answer is not in the contract's shape: {error!r}")

    def _some(self, things: Sequence[Any], most: int) -> list[Any]:
        return list(things) if len(things) <= most else random.Random(self._seed).sample(things, most)
