"""The whole benchmark: rounds in which ours, floors and peers take turns, and what is measured beside them."""

import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from tests.bench.access_figures import access_figures
from tests.bench.figures import Figure, Peer, medians, with_peers
from tests.bench.floors.bare_producer import Records
from tests.bench.ingest_figures import BULK, MANY, SINGLE
from tests.bench.memory import memory_figure
from tests.bench.modes import Mode
from tests.bench.own_services import own_database, own_services
from tests.bench.pages.page_figures import measure_pages
from tests.bench.peers.connect_jars import PeerMissingError
from tests.bench.peers.event_stores import StorePeers, run_emmett, run_eventsourcing
from tests.bench.peers.jdbc_sink import JdbcSink, Sunk, jdbc_sink
from tests.bench.projection_figures import ROWS
from tests.bench.reads.filled_service import filled_service
from tests.bench.reads.reading_figures import documents_figure, measure_reads
from tests.bench.replays.rebuild_figures import REBUILD
from tests.bench.rounds import Load, Sinking, measure_round
from tests.bench.signing_figures import measure_signing
from tests.support.clients.browsers import CHROMIUM
from tests.support.running.engines import Engines, shared_engines

_FEWEST: Final = 1_000
_STORES: Final[tuple[Callable[[Engines, int], Awaitable[StorePeers]], ...]] = (run_eventsourcing, run_emmett)
_NO_BROWSER: Final = "Pages are measured where there is a chromium: on Debian, apt-get install chromium."


@dataclass(slots=True)
class Found:
    """What has been measured, and what is to be said of it."""

    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def note(self, words: str) -> None:
        """Say it, but once of each thing that it is about, which is what stands before its colon."""
        about = words.partition(":")[0]
        if words and not any(note.startswith(f"{about}:") for note in self.notes):
            self.notes.append(words)

    def say(self, words: str) -> None:
        """Tell who waits what comes now, and after how long."""
        print(f"{time.monotonic() - self._since:5.0f} s  {words}", file=sys.stderr, flush=True)


async def measure_all(mode: Mode) -> Found:
    """Measure everything; a peer that cannot be had is noted, and the rest goes on."""
    found, engines = Found(), await shared_engines()
    runs = []
    async with _sink(engines, found) as sink:
        for number in range(1, mode.runs + 1):
            found.say(f"round {number} of {mode.runs}")
            load, replays = Load(mode.events, mode.singles), number <= mode.side_runs
            figures = await measure_round(engines, load, sink, replays=replays)
            for peers in await _stores(engines, found, mode):
                figures = with_peers(figures, peers)
            runs.append(figures)
    found.figures += medians(runs)
    found.figures += await _beside(engines, found, mode)
    found.figures += await _read(engines, found, mode)
    found.say("done")
    return found


@asynccontextmanager
async def _sink(engines: Engines, found: Found) -> AsyncIterator[Sinking]:
    """The JDBC sink, whose virtual machine has compiled what it runs before it is measured."""
    held: list[JdbcSink] = []

    async def sinking(url: str, records: Records) -> Sunk | None:
        try:
            return await held[0].sink(url, records) if held else None
        except PeerMissingError as error:
            found.note(str(error))
            return None

    async with AsyncExitStack() as stack:
        found.say("Kafka Connect, fetched unless it is here, and warmed up")
        try:
            sink = await stack.enter_async_context(jdbc_sink(engines.bootstrap_servers))
            async with own_database(engines) as url:
                await sink.warm_up(url)
            held.append(sink)
        except PeerMissingError as error:
            found.note(str(error))
        yield sinking


async def _stores(engines: Engines, found: Found, mode: Mode) -> list[dict[str, Sequence[Peer]]]:
    """What each of other people's stores does, by the names of our figures."""
    measured: list[dict[str, Sequence[Peer]]] = []
    for run in _STORES:
        try:
            peers = await run(engines, mode.store_events)
        except PeerMissingError as error:
            found.note(str(error))
            continue
        found.note(peers.note)
        measured.append({
            SINGLE: peers.single, MANY: peers.writers, BULK: peers.bulk, ROWS: peers.projection, REBUILD: peers.rebuild,
        })  # fmt: skip
    return measured


async def _beside(engines: Engines, found: Found, mode: Mode) -> list[Figure]:
    """What signatures and credentials cost."""
    runs = []
    for _ in range(mode.side_runs):
        found.say("signatures and credentials")
        signing = await measure_signing(engines, max(_FEWEST, mode.events // 5), mode.singles)
        async with own_services(engines) as services:
            services.migrate()
            await services.projector()
            runs.append([*signing, *await access_figures(services, mode.singles, first=0)])
    return medians(runs)


async def _read(engines: Engines, found: Found, mode: Mode) -> list[Figure]:
    """Reads of many events, and pages in a browser."""
    found.say(f"filling tables with {mode.filled:,} events")
    async with filled_service(engines, mode.filled) as many:
        reads = []
        for number in range(1, mode.runs + 1):
            found.say(f"reads, {number} of {mode.runs}")
            reads.append(await measure_reads(many, mode.effort))
        figures = medians(reads)
        async with filled_service(engines, max(_FEWEST, mode.events // 10)) as few:
            figures += medians([[await documents_figure(few)] for _ in range(mode.runs)])
        figures.append(memory_figure(many.service))
        if CHROMIUM is None:
            found.note(_NO_BROWSER)
            return figures
        async with filled_service(engines, mode.shown) as shown:
            pages = []
            for _ in range(mode.side_runs):
                found.say("pages in Chromium")
                pages.append(await measure_pages(shown, many))
        return [*figures, *medians(pages)]
