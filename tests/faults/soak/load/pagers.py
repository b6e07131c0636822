"""Clients that read a pair's timeline to its end: page by page, or as one stream."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson
from tests.faults.soak.load.calls import READ_SECONDS, AwayError
from tests.faults.soak.load.history import Traversal
from tests.faults.soak.load.readers import Reader

#: So many pages of one traversal, and so many events of one stream, are looked at.
_MAX_PAGES: Final = 120
_MAX_EVENTS: Final = 20_000
_MAX_ATTEMPTS: Final = 40


@dataclass(slots=True)
class Pager(Reader):
    """Pages through busy pairs with small limits; an outage in between is waited out, and the page asked for again."""

    pairs: tuple[str, ...] = ()

    async def turn(self) -> None:
        """One traversal."""
        pair = self.chance.choice(self.pairs)
        retracted, backwards = self.chance.random() < 0.4, self.chance.random() < 0.3
        parameters: dict[str, Any] = {"limit": self.chance.choice((3, 10, 25, 100))}
        parameters |= {"include": "retracted"} if retracted else {}
        parameters |= {"order": "desc"} if backwards else {}
        told: Traversal | None = None
        cursor = ""
        for _ in range(_MAX_PAGES):
            answer = await self._page(pair, {**parameters, **({"cursor": cursor} if cursor else {})})
            if answer is None:
                break
            if told is None:
                at = self.position_of(f"the first page of {pair}", answer)
                told = Traversal(pair, at, retracted, backwards, f"a traversal by {parameters['limit']}")
            body = orjson.loads(answer.content)
            told.items += [(item["id"], item["revision"]) for item in body["items"]]
            cursor = body["next"]
            if cursor is None:
                told.complete = True
                break
        if told is not None:
            self.history.traversals.append(told)
            self.history.write("traversal", pair=pair, at=told.at, items=len(told.items), complete=told.complete)

    async def _page(self, pair: str, parameters: dict[str, Any]) -> httpx.Response | None:
        for _ in range(_MAX_ATTEMPTS):
            try:
                answer = await self.timeline.call("GET", f"/v1/timelines/{pair}", parameters=parameters)
            except AwayError:
                if self.stop.is_set() or "cursor" not in parameters:
                    return None
                await asyncio.sleep(0.5)
                continue
            if answer.status_code == 200 and self.timeline.body(f"a page of {pair}", answer):
                return answer
            self.history.break_promise(f"a page of {pair} with {parameters} is answered {answer.status_code}")
            return None
        return None


@dataclass(slots=True)
class Exporter(Pager):
    """Takes a pair's whole timeline as NDJSON: one state, or visibly cut."""

    async def turn(self) -> None:
        """One export."""
        pair = self.chance.choice(self.pairs)
        retracted = self.chance.random() < 0.4
        path = f"/v1/timelines/{pair}.ndjson"
        told = Traversal(pair, {}, retracted, False, "an export as NDJSON")
        began = asyncio.get_running_loop().time()
        parameters = {"include": "retracted"} if retracted else {}
        try:
            async with self.timeline.next_client().stream(
                "GET", path, params=parameters, timeout=READ_SECONDS
            ) as answer:
                if answer.status_code != 200:
                    self.timeline.judge(f"GET {path}", answer.status_code, answer.headers, await answer.aread())
                    return
                told.at = self.position_of(f"GET {path}", answer)
                told.complete = await self._take(answer, told)
        except AwayError:
            return
        except httpx.TimeoutException:
            self.timeline.silence(f"GET {path}", began)
        except httpx.TransportError as error:
            self.timeline.away(f"GET {path}", type(error).__name__)
        if told.at:
            self.history.traversals.append(told)
            self.history.write("export", pair=pair, at=told.at, items=len(told.items), complete=told.complete)

    async def _take(self, answer: httpx.Response, told: Traversal) -> bool:
        """Take the lines; whether all of them came."""
        rest = b""
        async for piece in answer.aiter_bytes():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                item = orjson.loads(line)
                told.items.append((item["id"], item["revision"]))
            if len(told.items) > _MAX_EVENTS:
                return False
        if rest:
            self.history.break_promise(f"{told.how} of {told.pair} ended in the middle of a line as if it were whole")
        return True
