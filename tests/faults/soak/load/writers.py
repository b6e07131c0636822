"""Clients that write: singly, in arrays and in bulk. What they may have said is noted before it is sent."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx
import orjson
from tests.faults.soak.checker.language import fingerprint, pairs_of
from tests.faults.soak.load.calls import AwayError, Caller
from tests.faults.soak.load.history import Acknowledged, History, Said, pack
from tests.faults.soak.load.words import Event, Words

JSON: Final = {"content-type": "application/json"}
NDJSON: Final = {"content-type": "application/x-ndjson"}
CLOUD_EVENT: Final = {"content-type": "application/cloudevents+json"}
_MAX_ATTEMPTS: Final = 12
_MAX_PAUSE_SECONDS: Final = 3.0
_KNOWN: Final = 5_000


@dataclass(slots=True)
class Known:
    """Events that were acknowledged, with the position of a record of theirs; the older ones are forgotten by lot."""

    chance: Random
    events: list[tuple[str, str]] = field(default_factory=list)

    def add(self, event_id: str, position: str) -> None:
        """Remember one."""
        if len(self.events) < _KNOWN:
            self.events.append((event_id, position))
        else:
            self.events[self.chance.randrange(_KNOWN)] = (event_id, position)

    def any(self) -> tuple[str, str] | None:
        """One of them, if there are any: as often as not a recent one."""
        if not self.events:
            return None
        return self.events[-1] if self.chance.random() < 0.1 else self.chance.choice(self.events)


def said_of(event: Event) -> bytes:
    """The print of a posted event."""
    return fingerprint("recorded", event.get("id", ""), {name: value for name, value in event.items() if name != "id"})


@dataclass(slots=True)
class Writer:
    """One writing client."""

    ingest: Caller
    history: History
    words: Words
    known: Known
    stop: asyncio.Event

    async def attempt(
        self,
        path: str,
        headers: Mapping[str, str],
        content: bytes,
        said: Sequence[Said],
        parameters: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Send once. All of `said` may be recorded from here on; who reads the answer takes back what is certain."""
        for each in said:
            each.unknown += 1
        return await self.ingest.call("POST", path, headers=headers, content=content, parameters=parameters)

    async def pause(self, attempt: int) -> bool:
        """Wait before the same request is made again; False where it is time to give up."""
        if attempt >= _MAX_ATTEMPTS or self.stop.is_set():
            return False
        await asyncio.sleep(min(_MAX_PAUSE_SECONDS, 0.1 * 2**attempt) * self.words.chance.uniform(0.5, 1))
        return True

    async def post(self, event: Event, headers: Mapping[str, str] = JSON, body: Any = None, derived: str = "") -> str:
        """Post an event until it is answered; returns its position, or nothing.

        `derived` names that from which its id follows, if it has none of its own.
        """
        print_ = said_of(event)
        said = self.history.saying(print_)
        for attempt in range(_MAX_ATTEMPTS + 1):
            try:
                answer = await self.attempt("/v1/events", headers, orjson.dumps(body or event), [said])
            except AwayError:
                if await self.pause(attempt):
                    continue
                return ""
            said.unknown -= 1
            return self._posted(event, print_, answer, derived)
        return ""

    def _posted(self, event: Event, print_: bytes, answer: httpx.Response, derived: str) -> str:
        what = f"POST /v1/events of {event['title']!r}"
        told = self.ingest.body(what, answer)
        if answer.status_code != 201 or not isinstance(told, dict):
            self.history.saying(print_).refused += 1
            self.history.break_promise(f"{what} is valid but answered {answer.status_code}: {answer.text[:300]}")
            return ""
        position = str(told["position"])
        expected = pairs_of(tuple(event["countries"]), tuple(event.get("initiators", ())))
        if tuple(told["pairs"]) != expected or answer.headers.get("timeline-position") != position:
            self.history.break_promise(f"{what} answers {told} and {answer.headers.get('timeline-position')}")
        if told["id"] != event.get("id", told["id"]):
            self.history.break_promise(f"{what} with the id {event['id']} was given the id {told['id']}")
        if derived:
            self.history.same_id(derived, told["id"])
        self.acknowledge(print_, told["id"], position, told["recorded_at"], told["accepted_at"])
        return position

    async def refused(self, event: Event) -> None:
        """Post what must be refused."""
        print_ = said_of(event)
        said = self.history.saying(print_)
        try:
            answer = await self.attempt("/v1/events", JSON, orjson.dumps(event), [said])
        except AwayError:
            return
        said.unknown -= 1
        said.refused += 1
        if answer.status_code not in {400, 422}:
            self.history.break_promise(f"an invalid event is answered {answer.status_code}: {orjson.dumps(event)!r}")

    def acknowledge(
        self,
        print_: bytes,
        event_id: str,
        position: str,
        recorded_at: str | None = None,
        accepted_at: str | None = None,
    ) -> None:
        """Note that a record was acknowledged."""
        partition, _, offset = position.partition(":")
        try:
            packed = pack(int(partition), int(offset))
        except ValueError:
            self.history.break_promise(f"the event {event_id} was acknowledged at {position!r}, which is no position")
            return
        self.history.acknowledge(Acknowledged(packed, print_, event_id, recorded_at, accepted_at))
        self.history.write("acknowledged", id=event_id, position=position, recorded_at=recorded_at, said=print_.hex())
        self.known.add(event_id, position)


class SingleWriter(Writer):
    """Posts one event after the other, in all the ways there are."""

    async def turn(self) -> None:
        """One post, sometimes made twice, sometimes with the same id and other words."""
        chance, words = self.words.chance, self.words
        kind = chance.random()
        event = words.event()
        if kind < 0.35:
            event["id"] = words.uuid()
            await self.post(event)
            if chance.random() < 0.15:
                await self.post(event)
            elif chance.random() < 0.15:
                await self.post(words.event(id=event["id"]))
        elif kind < 0.6:
            for _ in range(chance.choice((1, 1, 1, 2))):
                await self.post(event, derived=f"the words {event['title']!r}")
        elif kind < 0.8:
            key = words.word()
            headers = {**JSON, "idempotency-key": chance.choice((key, f'"{key}"'))}
            await self.post(event, headers, derived=f"the key {key}")
            if chance.random() < 0.2:
                await self.post(words.event(), headers, derived=f"the key {key}")
        elif kind < 0.9:
            envelope = {"specversion": "1.0", "id": words.word(), "source": "urn:soak", "type": "soak.event"}
            for _ in range(chance.choice((1, 1, 2))):
                body = {**envelope, "data": event}
                await self.post(event, CLOUD_EVENT, body, derived=f"the CloudEvent {envelope['id']}")
        else:
            await self.refused(words.invalid())


class ArrayWriter(Writer):
    """Posts arrays, in which some events may have to be refused."""

    async def turn(self) -> None:
        """One array, until it is answered for all of it."""
        chance = self.words.chance
        size = chance.choice((1, 3, 10, 30, 100, 300))
        valid = [chance.random() > 0.03 for _ in range(size)]
        events = [self.words.event(id=self.words.uuid()) if each else self.words.invalid() for each in valid]
        prints = [said_of(event) for event in events]
        said = [self.history.saying(each) for each in prints]
        content = orjson.dumps(events)
        for attempt in range(_MAX_ATTEMPTS + 1):
            try:
                answer = await self.attempt("/v1/events", JSON, content, said)
                told = self.ingest.body("POST /v1/events of an array", answer)
                if answer.status_code not in {201, 207} or not self.settle(told["results"], prints, valid, "index", 0):
                    self.history.break_promise(
                        f"an array of {size} is answered {answer.status_code}: {answer.text[:300]}"
                    )
                    return
                if all(result["status"] < 500 for result in told["results"]):
                    return
            except AwayError:
                pass
            if not await self.pause(attempt):
                return

    def settle(
        self,
        results: Sequence[Mapping[str, Any]],
        prints: Sequence[bytes],
        valid: Sequence[bool],
        name: str,
        first: int,
    ) -> bool:
        """Note the results of many, which are numbered from `first` on; whether there was one for each of them."""
        told = {result[name] - first: result for result in results}
        for number, result in sorted(told.items()):
            said = self.history.saying(prints[number])
            if result["status"] == 201:
                said.unknown -= 1
                self.acknowledge(prints[number], result["id"], result["position"])
            elif 400 <= result["status"] < 500:
                said.unknown -= 1
                said.refused += 1
            if (result["status"] == 201 and not valid[number]) or (400 <= result["status"] < 500 and valid[number]):
                self.history.break_promise(f"{name} {number + first} was answered {result}, valid: {valid[number]}")
        return len(told) == len(results) == len(prints)


class BulkWriter(ArrayWriter):
    """Posts NDJSON, mostly small, now and then some thousand lines."""

    async def turn(self) -> None:
        """One body, until it is answered to its end."""
        chance = self.words.chance
        size = chance.randint(2_000, 4_000) if chance.random() < 0.03 else chance.choice((5, 50, 150, 300, 600))
        valid = [chance.random() > 0.002 for _ in range(size)]
        events = [self._line(each) for each in valid]
        if size > 10 and chance.random() < 0.2:  # the same thing twice
            events[-1], valid[-1] = events[0], valid[0]
        prints = [said_of(event) for event in events]
        said = [self.history.saying(each) for each in prints]
        content = b"\n".join(map(orjson.dumps, events))
        everything = chance.random() < 0.8
        for attempt in range(_MAX_ATTEMPTS + 1):
            try:
                parameters = {"results": "all"} if everything else None
                answer = await self.attempt("/v1/events", NDJSON, content, said, parameters)
                if self._read(answer, prints, valid, everything=everything):
                    return
            except AwayError:
                pass
            if not await self.pause(attempt):
                return

    def _line(self, valid: bool) -> Event:
        if not valid:
            return self.words.invalid()
        return self.words.event(id=self.words.uuid()) if self.words.chance.random() < 0.7 else self.words.event()

    def _read(self, answer: httpx.Response, prints: list[bytes], valid: list[bool], *, everything: bool) -> bool:
        """Note what a bulk was told; whether it was told to the end."""
        what = f"a bulk of {len(prints)} lines"
        if answer.status_code != 200:
            self.history.break_promise(f"{what} is answered {answer.status_code}: {answer.text[:300]}")
            return True
        try:
            *results, last = [orjson.loads(line) for line in answer.content.splitlines()]
            counted = last["recorded"] + last["refused"] + last["unknown"]
        except (ValueError, KeyError):
            self.history.write("cut", call=what)
            return False  # no last line: incomplete, by the contract
        whole = self.settle(results, prints, valid, "line", 1)
        if counted != len(prints) or (everything and not whole and "problem" not in last):
            self.history.break_promise(f"{what} is told of {len(results)} results and {last}")
        if not everything and "problem" not in last:
            refused = {result["line"] - 1 for result in results}
            for number, each in enumerate(prints):
                if number not in refused:
                    self.history.saying(each).unknown -= 1
                    self.history.acknowledge_somewhere(each)
        return "problem" not in last
