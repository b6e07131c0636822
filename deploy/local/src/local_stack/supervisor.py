"""`python -m local_stack.supervisor`: starts again what has ended by itself, as long as the stack is meant to run.

It does so only under the state folder's lock, so it never meets `make up` or `make down` half-way. What it knows is in
files and in the processes themselves: it may be killed at any time, and another one goes on.
"""

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from local_stack.code_digest import code_digest
from local_stack.engines import ENGINES, engine, is_given, prepare_engine, wait_for_engine
from local_stack.errors import StackError
from local_stack.ports import listeners, require_port
from local_stack.processes import Process
from local_stack.record import is_wanted
from local_stack.restarts import TRIES, Restarts, is_well_again, pause_before, read_restarts, write_restarts
from local_stack.services import SERVICES, service, service_variables, wait_until_ready
from local_stack.settings import DOWNLOADS, Settings, read_settings
from local_stack.state_lock import exclusive_at_once

LOOK_SECONDS: Final = 0.2
TROUBLE_SECONDS: Final = 5


def supervisor(settings: Settings) -> Process:
    """The process of a stack that looks after the others."""
    command = [sys.executable, "-m", "local_stack.supervisor"]
    environment = {**service_variables(), **settings.variables(), "PYTHONUNBUFFERED": "1"}
    return Process("supervisor", command, settings.state_dir, environment=environment, code=code_digest("local_stack"))


async def wait_until_watching(process: Process) -> None:
    """Wait until a supervisor that was started looks after the others; raises StackError if it ends instead."""
    while not (process.log_file.exists() and process.log_file.stat().st_size):
        if process.pid() is None:
            raise process.ended()
        await asyncio.sleep(0.05)


@dataclass(slots=True)
class Watch:
    """What the supervisor knows of one process."""

    process: Process
    restarts: Restarts
    pid: int | None = None
    since: float = 0
    due: float | None = None  # when to start it again
    failure: str = ""  # of its last start
    readiness: "asyncio.Task[None] | None" = field(default=None, repr=False)


class Supervisor:
    """Looks after the processes of one stack."""

    def __init__(self, settings: Settings, downloads: Path) -> None:
        self._settings = settings
        self._downloads = downloads
        kept = read_restarts(settings.state_dir)
        engines = [engine(settings, name) for name in ENGINES if not is_given(settings, name)]
        everything = [*engines, *(service(settings, name) for name in SERVICES)]
        self._watches = [Watch(process, kept.get(process.name, Restarts())) for process in everything]

    async def run(self) -> None:
        """Go on until the stack is not meant to run any more."""
        _say(f"looking after {', '.join(watch.process.name for watch in self._watches)}")
        while is_wanted(self._settings):
            try:
                await self._look()
                await asyncio.sleep(LOOK_SECONDS)
            except (StackError, OSError) as error:
                _say(str(error))
                await asyncio.sleep(TROUBLE_SECONDS)

    async def _look(self) -> None:
        for watch in self._watches:
            self._notice(watch)
        if ended := [watch for watch in self._watches if watch.pid is None and not watch.restarts.given_up]:
            with exclusive_at_once(self._settings.state_dir) as ours:
                if ours and is_wanted(self._settings):
                    for watch in ended:
                        await self._attend(watch)

    def _notice(self, watch: Watch) -> None:
        """See whether it runs, whoever started it."""
        pid, now = watch.process.pid(), time.monotonic()
        if pid is not None and pid != watch.pid:
            watch.since, watch.due, watch.failure = now, None, ""
            if watch.restarts.tries:  # else nothing depends on it
                watch.readiness = asyncio.create_task(self._await_readiness(watch, pid))
        elif pid is not None and watch.restarts.pauses and self._is_well(now - watch.since):
            watch.restarts.pauses = 0
            self._keep()
        watch.pid = pid

    async def _attend(self, watch: Watch) -> None:
        """Of one that does not run: say so, and start it again when the time has come. Others are locked out."""
        process, restarts = watch.process, watch.restarts
        if process.pid() is not None:
            return
        if watch.due is None:
            how = watch.failure or process.how_it_ended()
            what = how if watch.failure else f"has ended by itself, {how}"
            if restarts.tries >= TRIES:
                restarts.given_up = True
                _say(
                    f"{process.name} is given up until the next make up: {TRIES} starts in a row never made it ready. "
                    f"It {what}. The end of {process.log_file}:\n{process.log_end()}"
                )
            else:
                pause = pause_before(restarts, self._settings.restart_seconds)
                watch.due = time.monotonic() + pause
                restarts.last, restarts.why = _now(), how
                _say(f"{process.name} {what}: it is started again in {pause:g} s")
            self._keep()
        elif time.monotonic() >= watch.due:
            watch.due = None
            await self._start(watch)

    async def _start(self, watch: Watch) -> None:
        name, restarts, watch.failure = watch.process.name, watch.restarts, ""
        restarts.count, restarts.tries, restarts.pauses = restarts.count + 1, restarts.tries + 1, restarts.pauses + 1
        self._keep()
        try:
            for listener in listeners(self._settings, name):
                require_port(listener)
            if name in ENGINES:
                (await prepare_engine(self._settings, self._downloads, name)).start()
            else:
                service(self._settings, name).start()
            _say(f"{name} was started again (try {restarts.tries} of {TRIES})")
        except (StackError, OSError) as error:
            watch.failure = f"could not be started: {error}"

    async def _await_readiness(self, watch: Watch, pid: int) -> None:
        """Wait until it is ready, complain once if that takes too long: it may well be waiting for another."""
        complained = False
        while watch.process.pid() == pid:
            try:
                if watch.process.name in ENGINES:
                    await wait_for_engine(self._settings, watch.process.name)
                else:
                    await wait_until_ready(self._settings, watch.process, _say)
            except StackError as error:
                if watch.process.pid() == pid and not complained:
                    _say(str(error))
                    complained = True
            else:
                _say(f"{watch.process.name} is ready again")
                watch.restarts.tries, watch.restarts.given_up = 0, False
                return self._keep()

    def _is_well(self, seconds: float) -> bool:
        return is_well_again(seconds, self._settings.restart_seconds)

    def _keep(self) -> None:
        with suppress(OSError):  # it only informs
            write_restarts(self._settings.state_dir, {watch.process.name: watch.restarts for watch in self._watches})


def _say(text: str) -> None:
    with suppress(OSError):  # a full disk must not end it
        print(f"{_now()} {text}", flush=True)


def _now() -> str:
    return f"{datetime.now():%Y-%m-%d %H:%M:%S}"


if __name__ == "__main__":
    asyncio.run(Supervisor(read_settings(), DOWNLOADS).run())
