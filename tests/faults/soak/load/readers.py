"""Clients that read what was just written, each asking for the position that it knows: none is taken back in time."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
from tests.faults.soak.checker.language import Vector, content_of, digest_of, format_positions, parse_positions
from tests.faults.soak.load.calls import AwayError, Caller
from tests.faults.soak.load.history import EventSeen, History, VerdictSeen
from tests.faults.soak.load.writers import Known


@dataclass(slots=True)
class Reader:
    """One reading client. With a memory it asks each time for all that it has been shown."""

    timeline: Caller
    history: History
    known: Known
    chance: Random
    stop: asyncio.Event
    remembers: bool = False
    seen: Vector = field(default_factory=dict)

    async def turn(self) -> None:
        """One look at an event or a record."""
        known = self.known.any()
        if known is None:
            return
        event_id, position = known
        kind = self.chance.random()
        if kind < 0.55:
            await self.look(event_id, position)
        elif kind < 0.85:
            await self.verdict(position)
        else:
            path = self.chance.choice(("/v1/timelines?limit=5", "/v1/events?limit=5", "/v1/timelines/CHN-IND?limit=5"))
            await self.read(path, parse_positions(position))

    async def read(self, path: str, asked: Vector) -> httpx.Response | None:
        """An answer as at a position or later; None where there was none."""
        wanted = dict(asked)
        if self.remembers:
            for partition, offset in self.seen.items():
                wanted[partition] = max(offset, wanted.get(partition, -1))
        headers = {"timeline-position": format_positions(wanted)} if wanted else {}
        try:
            answer = await self.timeline.call("GET", path, headers=headers)
        except AwayError:
            return None
        if answer.status_code not in {200, 404}:
            self.history.break_promise(f"GET {path} at {headers} answers {answer.status_code}: {answer.text[:300]}")
            return None
        if answer.status_code == 200:
            answered = self.position_of(f"GET {path}", answer)
            self.history.positions(f"GET {path}", wanted, answered)
            if self.remembers:
                self.seen = answered
        return answer

    def position_of(self, what: str, answer: httpx.Response) -> Vector:
        """The position as at which it was answered."""
        try:
            return parse_positions(answer.headers.get("timeline-position"))
        except ValueError as error:
            self.history.break_promise(f"{what}: {error}")
            return {}

    async def look(self, event_id: str, position: str) -> dict[str, Any] | None:
        """An event as shown at a position or later, noted; None where it was not."""
        path = f"/v1/events/{event_id}"
        answer = await self.read(path, parse_positions(position))
        if answer is None:
            return None
        if answer.status_code == 404:
            self.history.events_seen.append(EventSeen(event_id, position, 0, "", "", b""))
            return None
        item = self.timeline.body(f"GET {path}", answer)
        if not isinstance(item, dict):
            return None
        content = digest_of(content_of(item))
        seen = EventSeen(event_id, position, item["revision"], item["position"], item["status"], content)
        self.history.events_seen.append(seen)
        self.history.write("event", id=event_id, asked=position, revision=seen.revision, position=seen.position)
        return item

    async def verdict(self, position: str) -> None:
        """What became of a record, noted."""
        path = f"/v1/records/{position}"
        answer = await self.read(path, parse_positions(position))
        if answer is None:
            return
        told = self.timeline.body(f"GET {path}", answer)
        if answer.status_code == 404 or not isinstance(told, dict):
            self.history.break_promise(f"GET {path}, which was waited for, answers {answer.status_code}: {told}")
            return
        seen = VerdictSeen.of(told)
        self.history.verdicts_seen.append(seen)
        self.history.write("verdict", **seen._asdict())
