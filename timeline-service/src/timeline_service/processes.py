"""The processes that do not answer over HTTP, each wired in one function: the projector, and the replayer."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog
from prometheus_client import Counter, Gauge

from service_edge.access.settings import open_gate
from service_edge.access.tokens import TokenFileError
from service_edge.crew import Crew
from service_edge.hosts import is_loopback
from service_edge.kafka_clients import is_left_behind
from service_edge.probes import ProbeHostError, ProbePortError, answering_probes, listen_for_probes
from service_edge.topic_check import TopicUnavailableError, describe_topic
from service_edge.workers import Workers
from timeline_service.adapters.kafka.offsets import KafkaOffsets
from timeline_service.adapters.postgres.database import close_pool, connected, open_pool
from timeline_service.adapters.postgres.generations import find_live_generation
from timeline_service.adapters.postgres.processes import PostgresProcesses, ProcessKind, own_name
from timeline_service.errors import FencedError, HaltError, UnavailableError
from timeline_service.projector.assembly import open_projector
from timeline_service.replay.replayer import Replayer
from timeline_service.settings import Settings

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool

_LOG: Final = structlog.get_logger()
_READY: Final = Gauge(
    "dyadline_process_ready", "Whether a projector or replayer has all that it needs (1), or waits (0)."
)
_RETRIES: Final = Counter("dyadline_process_retries", "How often its work was begun anew, and why.", ["reason"])
_FENCED: Final = _RETRIES.labels("fenced")
_AWAY: Final = _RETRIES.labels("away")
_SHORTEST_PAUSE: Final = 0.1
_MAX_PAUSE_SECONDS: Final = 5.0
_LONG_RUN: Final = 60.0
#: How often a process says that it is there, and asks the engines; and how soon they have to answer.
_LOOK_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 2.0
_END_SECONDS: Final = 8.0
_CUT_SECONDS: Final = 2.0


@dataclass(slots=True)
class Work:
    """What a process is at: what its work waits for, or nothing; which engines did not answer when last asked, and why.

    Work that is at rest does not notice that an engine has gone, nor does one at once that waits for an engine's word.
    """

    waits_for: str = "it has only just begun"
    away: dict[str, str] = field(default_factory=dict)

    def begun(self) -> None:
        """All that it needs is there."""
        self.waits_for = ""

    def why_not_ready(self) -> str:
        """Why it cannot work now, for its probes, or nothing."""
        return self.waits_for or next(iter(self.away.values()), "")


def project_together(settings: Settings, run: Callable[[Coroutine[Any, Any, None]], None]) -> None:
    """Run so many projectors as there are to be workers, each a process, until a signal ends all of them.

    They share the partitions of the log as projectors do that were started apart: each fetches, decodes, folds and
    writes its own, behind the fences of those. `run` runs one of them. Raises HaltError if their port is taken.
    """
    crew = Crew(settings.workers)
    with _listening("projector", settings.projector_port, settings.projector_host) as listening:

        def work(number: int) -> None:
            crew.number = number
            run(project(settings, listening, crew))

        Workers(crew.count, work, renew=lambda: None).run()
    crew.dissolve()


async def project(settings: Settings, listening: socket.socket | None = None, crew: Crew | None = None) -> None:
    """Run a projector until SIGTERM or SIGINT. What is away is waited for; raises HaltError for what is wrong.

    `listening`: where its probes are answered, by it or another one of a crew, if not at a port of its own.
    """
    stop, work = _stop_on_signals(), Work()
    place = (settings.projector_host, settings.projector_port)
    async with _watched("projector", place, settings, work, listening=listening, crew=crew, connections=4) as pool:
        await _again(stop, work, lambda: _project_once(settings, pool, stop, work))


async def replay(settings: Settings) -> None:
    """Run a replayer until SIGTERM or SIGINT. What is away is waited for; raises HaltError if its port is taken."""
    stop, work = _stop_on_signals(), Work()
    async with _watched(
        "replayer", (settings.replayer_host, settings.replayer_port), settings, work, connections=9
    ) as pool:
        await _again(stop, work, lambda: Replayer(settings, pool, work.begun).run(stop))


@asynccontextmanager
async def _watched(
    kind: ProcessKind,
    place: tuple[str, int],
    settings: Settings,
    work: Work,
    *,
    connections: int,
    listening: socket.socket | None = None,
    crew: Crew | None = None,
) -> AsyncIterator["Pool"]:
    """A pool for a process, whose probes are answered meanwhile, and which says now and then that it is there."""
    _READY.set_function(lambda: not work.why_not_ready())
    pool = await open_pool(settings.database_url.get_secret_value(), most=connections, name=kind)
    processes, offsets = PostgresProcesses(pool), KafkaOffsets(settings.kafka, settings.topic)
    looking = [
        asyncio.create_task(_look_after("PostgreSQL", work, lambda: processes.hear(own_name(), kind))),
        asyncio.create_task(_look_after("Kafka", work, lambda: offsets.bounds(1))),
    ]
    try:
        host, port = place
        gate = open_gate(settings) if not is_loopback(host) else None
        with nullcontext(listening) if listening is not None else _listening(kind, port, host) as there:
            async with answering_probes(there, work.why_not_ready, host, gate, crew) as answered:
                _LOG.info("answering probes", port=answered)
                yield pool
    except (ProbeHostError, TokenFileError) as error:
        raise HaltError(str(error)) from error
    finally:
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
        await offsets.close()
        await close_pool(pool)


@contextmanager
def _listening(kind: ProcessKind, port: int, host: str) -> Iterator[socket.socket]:
    """Where probes are answered; raises HaltError if that is taken."""
    try:
        listening = listen_for_probes(port, host)
    except ProbePortError as error:
        raise HaltError(f"{error}: name another with {kind.upper()}_PORT, or 0 for any") from error
    with listening:
        yield listening


async def _look_after(engine: str, work: Work, ask: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Ask an engine now and then, and note where it does not answer, or not soon."""
    late = f"{engine} is out of reach: no answer within {_ANSWER_SECONDS:g} s"
    while True:
        noting = asyncio.get_running_loop().call_later(_ANSWER_SECONDS, work.away.__setitem__, engine, late)
        try:
            await ask()
            work.away.pop(engine, None)
        except UnavailableError as error:
            work.away[engine] = str(error)
            _LOG.debug("out of reach", engine=engine, reason=str(error))
        finally:
            noting.cancel()
        await asyncio.sleep(_LOOK_SECONDS)


async def _project_once(settings: Settings, pool: "Pool", stop: asyncio.Event, work: Work) -> None:
    topic, _ = await describe_topic(settings.kafka, settings.topic)  # the guard judges its settings
    async with connected(pool) as connection:
        generation = await find_live_generation(connection, settings.judged_by)
    group = f"{settings.topic}.projector.g{generation}"
    async with open_projector(settings, pool, topic, generation, group=group, begun=work.begun) as projector:
        await projector.run(stop)


async def _again(stop: asyncio.Event, work: Work, run_once: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run until told to stop, and anew, after ever longer pauses, whenever something is away."""
    pause = _SHORTEST_PAUSE
    while not stop.is_set():
        started = time.monotonic()
        try:
            await _until_stopped(stop, run_once)
        except FencedError as error:  # after a swap readers wait for us
            _FENCED.inc()
            _LOG.warning("starting over", reason=str(error))
            await _wait(stop, _SHORTEST_PAUSE)
        except (UnavailableError, TopicUnavailableError) as error:
            work.waits_for = str(error)
            _AWAY.inc()
            if time.monotonic() - started > _LONG_RUN:
                pause = _SHORTEST_PAUSE  # it went well until now
            _LOG.warning("waiting", seconds=round(pause, 1), reason=str(error))
            await _wait(stop, pause)
            pause = min(2 * pause, _MAX_PAUSE_SECONDS)
    _LOG.info("stopped")


async def _until_stopped(stop: asyncio.Event, run_once: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run to the end; once told to stop, that may take some seconds more: whoever waits for what hangs is cut off."""
    running, stopping = asyncio.create_task(run_once()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({running}, timeout=_END_SECONDS)
    finally:
        stopping.cancel()
        if not running.done():
            running.cancel()
            await asyncio.wait({running}, timeout=_CUT_SECONDS)
    if running.done() and not (running.cancelled() and stop.is_set()):
        running.result()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    asyncio.get_running_loop().set_exception_handler(_note_left_over)
    return stop


def _note_left_over(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What asyncpg and aiokafka leave behind, unread, where a connection is given up is no failure of ours."""
    error = context.get("exception")
    if is_left_behind(error):
        _LOG.debug("left over from a connection", reason=repr(error))
    else:
        loop.default_exception_handler(context)
