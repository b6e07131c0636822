"""The replayer: claims replays from their table and carries them out, one that builds and one that verifies at a time.

A replay that runs is locked by its replayer's connection. When that goes, killed or cut off, whoever is there next
goes on with the replay.
"""

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

import structlog

from timeline_service.adapters.postgres.database import connect, going_away
from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.adapters.postgres.replays import CHANNEL, REPLAYER, PostgresReplays
from timeline_service.errors import HaltError, StuckError, UnavailableError
from timeline_service.replay.rebuild import abandon, activate, rebuild
from timeline_service.replay.recorder import Recorder
from timeline_service.replay.scratch import drop_scratch, left_scratch, scratch_of
from timeline_service.replay.task import Task
from timeline_service.replay.verification import verify
from timeline_service.settings import Settings

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import OwnConnection, Pool


_LOG: Final = structlog.get_logger()
_LOOK_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 2.0
_MOST_ATTEMPTS: Final = 5
_KINDS: Final = {"verify": verify, "rebuild": rebuild, "activate": activate}
_LONGEST_NAME: Final = 63  # PostgreSQL cuts off what is longer


class Replayer:
    """One process that carries replays out, over one connection that says so and holds their locks."""

    def __init__(self, settings: Settings, pool: "Pool") -> None:
        self._settings = settings
        self._pool = pool
        self._replays = PostgresReplays(pool)
        self._generations = PostgresGenerations(pool)
        self._owner = f"{socket.gethostname()}/{os.getpid()}"
        self._running: dict[bool, tuple[UUID, asyncio.Task[None]]] = {}
        self._news = asyncio.Event()
        self._not_before = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Carry replays out until told to stop; raises UnavailableError when the server is away."""
        name = f"{REPLAYER}{os.getpid()}@{socket.gethostname()}"[:_LONGEST_NAME]
        with going_away():
            connection = await connect(self._settings.database_url.get_secret_value(), application_name=name)
            try:
                await connection.add_listener(CHANNEL, lambda *_: self._news.set())
                connection.add_termination_listener(lambda _: self._news.set())
                _LOG.info("waiting for replays")
                while not stop.is_set():
                    self._news.clear()
                    await self._look(connection)
                    await self._wait(stop)
            finally:
                await self._leave()
                await connection.close(timeout=1)

    async def _look(self, connection: "OwnConnection") -> None:
        """Take note of what has ended, end what is no longer wanted, and begin what can be begun."""
        if connection.is_closed():  # with it went the locks: somebody else may be at our replays
            raise UnavailableError("the replayer's connection to PostgreSQL was cut")
        for builds, (replay_id, running) in list(self._running.items()):
            if running.done():
                del self._running[builds]
                await connection.execute("select pg_advisory_unlock($1)", _lock_of(replay_id))
                try:
                    running.result()
                except (UnavailableError, asyncio.CancelledError) as error:
                    _LOG.warning("waiting", seconds=_RETRY_SECONDS, reason=str(error))
                    self._not_before = time.monotonic() + _RETRY_SECONDS
            elif not running.cancelling() and await self._replays.cancelling(replay_id):
                running.cancel()  # once: it has to tidy up in peace
        for row in await self._replays.open() if time.monotonic() >= self._not_before else ():
            builds = row["kind"] != "verify"
            if builds not in self._running and await connection.fetchval(
                "select pg_try_advisory_lock($1)", _lock_of(row["id"])
            ):
                claimed = await self._replays.claim(row["id"], self._owner)
                if claimed is None:
                    await connection.execute("select pg_advisory_unlock($1)", _lock_of(row["id"]))
                    continue
                self._running[builds] = (row["id"], asyncio.create_task(self._carry_out(claimed)))

    async def _carry_out(self, row: Mapping[str, Any]) -> None:
        """Carry a replay out to its end. It stays to be gone on with where something is away, or the process stops."""
        recorder = Recorder(self._replays, row["id"])
        task = Task(self._settings, self._pool, self._replays, self._generations, recorder, row)
        recording = asyncio.create_task(recorder.run())
        log = _LOG.bind(replay=str(row["id"]), kind=row["kind"])
        log.info("replaying", stuck=row["attempts"])
        try:
            if row["cancelling"]:  # since nobody was there to end it
                raise asyncio.CancelledError
            await self._sweep()
            result = await _KINDS[row["kind"]](task)
            await recorder.write()
            await task.finish(result)
            log.info("replayed", equal=result["equal"])
        except StuckError as error:
            if await self._replays.note_stuck(task.id) < _MOST_ATTEMPTS:
                raise
            await self._end(task, "failed", str(error))
            log.error("failed", reason=str(error))
        except UnavailableError:
            raise  # it is gone on with later
        except asyncio.CancelledError:
            if not await self._replays.cancelling(task.id):
                raise
            await self._end(task, "cancelled", None)
            log.info("cancelled")
        except HaltError as error:
            await self._end(task, "failed", str(error))
            log.error("failed", reason=str(error))
        except Exception as error:
            await self._end(task, "failed", f"{type(error).__name__}: {error}")
            log.exception("failed")
        finally:
            recording.cancel()
            await asyncio.gather(recording, return_exceptions=True)
            self._news.set()

    async def _end(self, task: Task, state: Literal["cancelled", "failed"], reason: str | None) -> None:
        """Leave nothing behind of a replay that comes to nothing; one that has swapped came to something."""
        row = await self._replays.replay(str(task.id)) or task.row
        live = await self._generations.live()
        if row["result"] is not None and live is not None and live.n == row["generation"]:
            return await self._replays.finish(task.id, "succeeded", result=row["result"])
        task.row = row
        await abandon(task)
        await self._replays.finish(task.id, state, result=None, reason=reason)

    async def _sweep(self) -> None:
        """Drop what replays that are over have left."""
        left = await left_scratch(self._pool)
        wanted = {scratch_of(row["id"]) for row in await self._replays.open()}  # afterwards: others may begin meanwhile
        for schema in left:
            if schema not in wanted:
                await drop_scratch(self._pool, schema)

    async def _wait(self, stop: asyncio.Event) -> None:
        waiting = [asyncio.create_task(event.wait()) for event in (stop, self._news)]
        try:
            await asyncio.wait(waiting, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _leave(self) -> None:
        """Let go of what runs; it is gone on with by whoever is there next."""
        running = [task for _, task in self._running.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._running.clear()


def _lock_of(replay_id: UUID) -> int:
    """The number of a replay's advisory lock."""
    return int.from_bytes(replay_id.bytes[:8], signed=True)
