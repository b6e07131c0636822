"""Clients that correct and retract, rightly and wrongly, alone and all at once on the same few events."""

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import httpx
import orjson
from tests.faults.soak.checker.language import content_of, fingerprint
from tests.faults.soak.load.calls import AwayError
from tests.faults.soak.load.history import Said
from tests.faults.soak.load.readers import Reader
from tests.faults.soak.load.words import Event
from tests.faults.soak.load.writers import JSON, Writer

_MAX_ATTEMPTS: Final = 12
HOT_EVENTS: Final = 16


@dataclass(slots=True)
class Changer(Writer):
    """Changes what others have recorded; it looks first, as often as not."""

    reader: Reader

    async def turn(self) -> None:
        """One change of an event, sometimes made twice, or of an event that does not exist."""
        chance = self.words.chance
        known = self.known.any()
        if known is None:
            return
        event_id, position = known
        if chance.random() < 0.03:
            event_id, position = self.words.uuid(), ""
        await self.change(event_id, position)

    async def change(self, event_id: str, position: str) -> str:
        """Correct or retract an event that was recorded by a position; returns the change's position, or nothing."""
        chance = self.words.chance
        seen = await self.reader.look(event_id, position) if position and chance.random() < 0.6 else None
        body: dict[str, Any] = {"reason": f"because {self.words.word()}"}
        kind = "corrections" if chance.random() < 0.7 else "retractions"
        if kind == "corrections":
            same = seen is not None and chance.random() < 0.1
            body["event"] = content_of(seen) if same and seen else self.words.event()
        if seen is not None and chance.random() < 0.7:
            wrong = chance.random() < 0.15
            body["expected_revision"] = seen["revision"] + wrong
        headers = dict(JSON)
        if chance.random() < 0.3:
            headers["idempotency-key"] = self.words.word()
        told = ""
        for _ in range(2 if chance.random() < 0.12 else 1):
            told = await self.send(event_id, kind, body, headers) or told
        return told

    async def send(self, event_id: str, kind: str, body: dict[str, Any], headers: dict[str, str]) -> str:
        """Send a change until it is answered; returns its position, or nothing."""
        action = "corrected" if kind == "corrections" else "retracted"
        print_ = fingerprint(action, event_id, body)
        said = self.history.saying(print_, one_record="idempotency-key" in headers or "expected_revision" in body)
        path = f"/v1/events/{event_id}/{kind}"
        for attempt in range(_MAX_ATTEMPTS + 1):
            try:
                answer = await self.attempt(path, headers, orjson.dumps(body), [said])
            except AwayError:
                if await self.pause(attempt):
                    continue
                return ""
            return self._sent(path, event_id, print_, said, answer)
        return ""

    def _sent(self, path: str, event_id: str, print_: bytes, said: Said, answer: httpx.Response) -> str:
        said.unknown -= 1
        told = self.ingest.body(f"POST {path}", answer)
        if answer.status_code != 202 or not isinstance(told, dict):
            said.refused += 1
            self.history.break_promise(f"POST {path} is valid but answered {answer.status_code}: {answer.text[:300]}")
            return ""
        position = str(told["position"])
        if not answer.headers.get("location", "").endswith(f"/v1/records/{position}"):
            self.history.break_promise(f"POST {path} at {position} points to {answer.headers.get('location')!r}")
        self.acknowledge(print_, told["id"], position, told["recorded_at"])
        if told["id"] != event_id:
            self.history.break_promise(f"POST {path} was answered about the event {told['id']}")
        return position


@dataclass(slots=True)
class HotChanger(Changer):
    """One of several that race for the same few events: they record, correct and retract them, all at once.

    Now and then one says again what it has said of an event before, whatever has become of it since.
    """

    last: dict[str, str] = field(default_factory=dict)
    posted: dict[str, Event] = field(default_factory=dict)

    async def turn(self) -> None:
        """One record of a hot event, then a look at its verdict."""
        chance = self.words.chance
        event_id = str(UUID(int=0x50AC << 64 | chance.randrange(HOT_EVENTS), version=4))
        position = self.last.get(event_id, "")
        if not position or chance.random() < 0.1:
            event = self.words.event(id=event_id)
            event = self.posted.setdefault(event_id, event) if chance.random() < 0.5 else event
            told = await self.post(event)
        else:
            told = await self.change(event_id, position)
        if told:
            self.last[event_id] = told
            await self.reader.verdict(told)
