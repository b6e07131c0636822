"""Several processes behind one port: the one that was started keeps it open, and starts and looks after the others."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from uvicorn.config import STARTUP_FAILURE

_LOG: Final = structlog.get_logger()
_HEARD: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_LOOK_SECONDS: Final = 0.5
#: Those who have not ended so long after they were asked to are killed.
_STOP_SECONDS: Final = 30.0
_SHORTEST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
#: Who has lived so long is started again after the shortest pause, whatever was before.
_LONG_LIFE: Final = 30.0


@dataclass(slots=True)
class _Place:
    """One worker's place: who has it, since when; when it is filled again, and after which pause the next time."""

    pid: int = 0
    since: float = 0.0
    due: float = 0.0
    pause: float = _SHORTEST_PAUSE


class Workers:
    """So many processes that are forked from this one, each again when it ends by itself.

    SIGTERM and SIGINT end all of them in order, SIGHUP is passed on. When this process is killed they end in order.
    """

    def __init__(self, count: int, work: Callable[[int], None], renew: Callable[[], None]) -> None:
        """`work` is what a worker does, by its number from 0 on; `renew` what this process does at SIGHUP."""
        self._work, self._renew = work, renew
        self._places = [_Place() for _ in range(count)]
        self._lifeline = os.pipe()  # ends for the workers when this process does
        self._mask: set[signal.Signals | int] = set()

    def run(self) -> int:
        """Until a signal comes or a worker cannot begin at all; returns that signal, or 0 in the other case."""
        self._mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD))
        try:
            return self._look_after()
        finally:
            self._stop()
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _look_after(self) -> int:
        while True:
            now = time.monotonic()
            for number, place in enumerate(self._places):
                if not place.pid and place.due <= now:
                    self._start(number, place)
            told = signal.sigtimedwait(_HEARD, _LOOK_SECONDS)
            heard = told.si_signo if told is not None else 0
            if heard in {signal.SIGTERM, signal.SIGINT}:
                return heard
            if heard == signal.SIGHUP:
                self._renew()
                self._tell(signal.SIGHUP)
            if STARTUP_FAILURE in self._bury():  # it would fail the same way again
                return 0

    def _start(self, number: int, place: _Place) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        place.since = time.monotonic()
        place.pid = os.fork()
        if not place.pid:
            self._be_worker(number)
        _LOG.info("started a worker", worker=number, pid=place.pid)

    def _be_worker(self, number: int) -> None:
        """Work, and end: what this process would do when it ends is not a worker's to do."""
        status = 1
        try:
            os.setpgid(0, 0)  # Ctrl-C is for the one who looks after us, and it tells us
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # unless it is one that renews its certificate then
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            os.close(self._lifeline[1])
            threading.Thread(target=_end_with, args=(self._lifeline[0],), daemon=True).start()
            self._work(number)
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except KeyboardInterrupt:
            status = 0
        except BaseException:
            _LOG.exception("a worker failed", worker=number)
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _bury(self) -> set[int]:
        """Take note of who has ended; returns their exit statuses."""
        statuses = set()
        for number, place in enumerate(self._places):
            if not place.pid:
                continue
            pid, status = os.waitpid(place.pid, os.WNOHANG)
            if not pid:
                continue
            statuses.add(os.waitstatus_to_exitcode(status))
            now = time.monotonic()
            if now - place.since > _LONG_LIFE:
                place.pause = _SHORTEST_PAUSE
            place.pid, place.due = 0, now + place.pause
            _LOG.warning(
                "a worker has ended and is started again",
                worker=number,
                pid=pid,
                status=os.waitstatus_to_exitcode(status),
                seconds=place.pause,
            )
            place.pause = min(2 * place.pause, _LONGEST_PAUSE)
        return statuses

    def _tell(self, number: signal.Signals) -> None:
        for place in self._places:
            if place.pid:
                with suppress(ProcessLookupError):
                    os.kill(place.pid, number)

    def _stop(self) -> None:
        self._tell(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for place in self._places:
            while place.pid and not os.waitpid(place.pid, os.WNOHANG)[0]:
                if time.monotonic() > deadline:
                    self._tell(signal.SIGKILL)
                    os.waitpid(place.pid, 0)
                    break
                signal.sigtimedwait((signal.SIGCHLD,), 0.1)
            place.pid = 0


def _end_with(lifeline: int) -> None:
    """End in order when the process at the other end does."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
