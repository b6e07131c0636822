"""Clients that listen to live streams, are cut off or go away themselves, and resume where they were."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson
from tests.faults.soak.checker.language import Vector, covers, parse_positions
from tests.faults.soak.load.calls import AwayError
from tests.faults.soak.load.history import LIVE_NAMES, LiveSession, pack
from tests.faults.soak.load.readers import Reader

#: A stream gives a sign of life at least every 30 s; one that is silent for so long is left.
_SILENT_SECONDS: Final = 45.0


@dataclass(slots=True)
class Listener(Reader):
    """Listens to a pair, a country or everything (`topic`), for up to `longest` seconds at a time.

    Each connection is a session of its own in the history, from where the one before ended.
    """

    topic: str = ""
    longest: float = 20.0
    last: str = ""
    _block: dict[str, str] = field(default_factory=dict)

    async def turn(self) -> None:
        """One session."""
        path = f"/v1/timelines/{self.topic}/live" if "-" in self.topic else "/v1/live"
        parameters = {"country": self.topic} if self.topic and "-" not in self.topic else {}
        headers = {"accept": "text/event-stream", **({"last-event-id": self.last} if self.last else {})}
        client = self.timeline.next_client()
        session: LiveSession | None = None
        seconds = self.chance.uniform(0.2, 1) * self.longest
        try:
            async with (
                asyncio.timeout(seconds),
                client.stream("GET", path, params=parameters, headers=headers, timeout=_SILENT_SECONDS) as answer,
            ):
                if answer.status_code != 200:
                    self.timeline.judge(f"GET {path}", answer.status_code, answer.headers, await answer.aread())
                    self.history.break_promise(f"GET {path} behind {self.last!r} answers {answer.status_code}")
                    return
                start = parse_positions(self.last or answer.headers.get("timeline-position"))
                session = LiveSession(self.topic, start, dict(start))
                self._block = {}
                async for line in answer.aiter_lines():
                    self._take(line, session)
        except AwayError:
            return
        except TimeoutError:
            pass  # long enough
        except httpx.TransportError as error:
            self.timeline.away(f"GET {path}", type(error).__name__)
        finally:
            if session is not None:
                self.history.live.append(session)
                told = len(session.positions)
                self.history.write("live", topic=self.topic, start=session.start, end=session.end, told=told)

    def _take(self, line: str, session: LiveSession) -> None:
        """The next line; an empty one ends a block, and only whole blocks count."""
        if line:
            name, _, value = line.partition(":")
            if name:
                self._block[name] = value.removeprefix(" ")
            return
        block, self._block = self._block, {}
        if "id" in block:
            stands = self._id(block["id"], session.end)
            self.last, session.end = block["id"], stands
        if "data" in block:
            self._told(block.get("event", ""), orjson.loads(block["data"]), session)

    def _id(self, text: str, before: Vector) -> Vector:
        try:
            stands = parse_positions(text)
        except ValueError as error:
            self.history.break_promise(f"a live stream's id: {error}")
            return before
        if not covers(stands, before):
            self.history.break_promise(
                f"a live stream of {self.topic or 'everything'} went back from {before} to {stands}"
            )
        return stands

    def _told(self, name: str, data: dict[str, Any], session: LiveSession) -> None:
        partition, offset = map(int, data["position"].split(":"))
        if name not in LIVE_NAMES:
            self.history.break_promise(f"a live stream told {data['position']} as {name!r}")
            return
        if session.end.get(partition) != offset:
            sentence = (
                f"a live stream told {data['position']} with the id {session.end}: it is not where one stands then"
            )
            self.history.break_promise(sentence)
        session.positions.append(pack(partition, offset))
        session.names.append(LIVE_NAMES.index(name))
        session.revisions.append(data.get("revision") or 0)
