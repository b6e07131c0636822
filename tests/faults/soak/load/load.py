"""The load: clients side by side, drawn from one seed, that note all they say and are told."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol

import httpx
from tests.faults.soak.load.calls import READ_SECONDS, WRITE_SECONDS, Caller, FrozenProcesses
from tests.faults.soak.load.changers import Changer, HotChanger
from tests.faults.soak.load.history import History
from tests.faults.soak.load.listeners import Listener
from tests.faults.soak.load.log_exporters import LogExporter
from tests.faults.soak.load.pagers import Exporter, Pager
from tests.faults.soak.load.readers import Reader
from tests.faults.soak.load.words import COUNTRIES, Words
from tests.faults.soak.load.writers import ArrayWriter, BulkWriter, Known, SingleWriter

_CONNECTIONS: Final = httpx.Limits(max_connections=200, max_keepalive_connections=50)
#: How long the clients may take to end what they are at, once it is over, before they are cut off.
_LAST_SECONDS: Final = 20.0
_BUSY: Final = tuple("-".join(sorted((a, b))) for n, a in enumerate(COUNTRIES[:10]) for b in COUNTRIES[n + 1 : 10])


class Arena(Protocol):
    """What is under attack, as clients see it."""

    ingest_urls: tuple[str, ...]
    timeline_urls: tuple[str, ...]

    def pids(self) -> dict[str, int]:
        """Its processes by name."""
        ...


class Load:
    """All clients. `pace` scales how long they rest between two turns: 0.5 is half as much load.

    The fewer `countries`, the fewer and the longer are the timelines.
    """

    def __init__(
        self,
        arena: Arena,
        seed: int,
        *,
        pace: float = 1.0,
        history_path: Path | None = None,
        countries: int = len(COUNTRIES),
    ) -> None:
        self._countries = countries
        self.history = History(history_path)
        self._arena, self._seed, self._pace = arena, seed, pace
        self._stop = asyncio.Event()
        self._known = Known(self._chance("known"))
        self._numbers = itertools.count()

    @property
    def acknowledged(self) -> int:
        """How many records were acknowledged so far."""
        return len(self.history.acknowledged) + self.history.without_position

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until told to stop, and until the last answers have come."""
        self._stop = stop
        frozen = FrozenProcesses(self._arena.pids)
        async with AsyncExitStack() as stack:
            ingest = await self._caller(stack, "ingest", self._arena.ingest_urls, WRITE_SECONDS, frozen)
            timeline = await self._caller(stack, "timeline", self._arena.timeline_urls, READ_SECONDS, frozen)
            watching = asyncio.create_task(frozen.watch())
            writing = [asyncio.create_task(each) for each in self._writers(ingest, timeline)]
            reading = [asyncio.create_task(each) for each in self._readers(timeline)]
            stopping = asyncio.create_task(stop.wait())
            every = [watching, stopping, *writing, *reading]
            try:
                await asyncio.wait(every, return_when=asyncio.FIRST_COMPLETED)
                stop.set()
                await asyncio.wait(writing, timeout=_LAST_SECONDS)
            finally:
                for task in every:
                    task.cancel()
                ended = await asyncio.gather(*every, return_exceptions=True)
                self.history.flush()
            for error in ended:
                if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
                    raise error

    async def _caller(
        self, stack: AsyncExitStack, kind: str, urls: tuple[str, ...], seconds: float, frozen: FrozenProcesses
    ) -> Caller:
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=url, timeout=seconds, trust_env=False, limits=_CONNECTIONS)
            )
            for url in urls
        ]
        return Caller(kind, clients, self.history, frozen)

    def _writers(self, ingest: Caller, timeline: Caller) -> Iterator[Coroutine[Any, Any, None]]:
        """Those that write, each with how long it rests on average, in seconds."""
        history, known, stop = self.history, self._known, self._stop
        for n in range(3):
            yield self._repeat(0.05, SingleWriter(ingest, history, self._words(f"s{n}"), known, stop).turn)
        yield self._repeat(0.4, ArrayWriter(ingest, history, self._words("a"), known, stop).turn)
        for n in range(2):
            yield self._repeat(1.0, BulkWriter(ingest, history, self._words(f"b{n}"), known, stop).turn)
            reader = Reader(timeline, history, known, self._chance(f"c{n}"), stop)
            yield self._repeat(0.05, Changer(ingest, history, self._words(f"c{n}"), known, stop, reader).turn)
        last: dict[str, str] = {}
        for n in range(3):
            reader = Reader(timeline, history, known, self._chance(f"h{n}"), stop)
            yield self._repeat(0.15, HotChanger(ingest, history, self._words(f"h{n}"), known, stop, reader, last).turn)

    def _readers(self, timeline: Caller) -> Iterator[Coroutine[Any, Any, None]]:
        """Those that only read."""
        history, known, stop = self.history, self._known, self._stop
        for n in range(3):
            chance = self._chance(f"r{n}")
            yield self._repeat(0.1, Reader(timeline, history, known, chance, stop, remembers=n > 0).turn)
        for n in range(2):
            chance = self._chance(f"p{n}")
            yield self._repeat(0.5, Pager(timeline, history, known, chance, stop, pairs=_BUSY).turn)
        yield self._repeat(2.0, Exporter(timeline, history, known, self._chance("x"), stop, pairs=_BUSY).turn)
        yield self._repeat(1.0, LogExporter(timeline, history, known, self._chance("l"), stop).turn)
        for n, topic in enumerate(("", "", "CHN", "CHN-IND", "CHN-USA")):
            chance = self._chance(f"live{n}")
            yield self._repeat(0.3, Listener(timeline, history, known, chance, stop, topic=topic).turn)

    def _chance(self, name: str) -> Random:
        """A client's own dice, so that what one draws does not hang on how quick the others are."""
        return Random(f"{self._seed}/{name}")

    def _words(self, name: str) -> Words:
        return Words(f"{self._seed:x}{name}", self._chance(f"words/{name}"), self._countries)

    async def _repeat(self, rest: float, turn: Callable[[], Awaitable[None]]) -> None:
        dice = self._chance(f"rest/{next(self._numbers)}")
        while not self._stop.is_set():
            try:
                await turn()
            except (LookupError, TypeError, ValueError, AttributeError, httpx.RequestError) as error:
                self.history.break_promise(
                    f"an answer is not in the contract's shape: {error!r} in {turn.__qualname__}"
                )
            await asyncio.sleep(dice.expovariate(1 / rest) / self._pace)
