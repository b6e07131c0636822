"""`ingest import --follow`: the files of a folder, each once, as they come, until a signal ends it."""

import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Final

from ingest_service.cli.import_run import Import
from ingest_service.importing.followed_folder import FollowedFolder
from service_edge.terminal import ExitStatus, leave

_LOOK_SECONDS: Final = 1.0
_MOST_SECONDS: Final = 60.0


class _SignalledError(BaseException):
    """A signal has come. An import that it ends is repeated at the next start, and brings nothing twice."""


def follow(folder: Path, imports: Import) -> None:
    """Import each file of a folder once. While the service is out of reach a file is tried again, ever more rarely."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    try:
        followed = FollowedFolder(folder)
    except OSError as error:
        leave(ExitStatus.USAGE, f"{folder} cannot be followed: {error.strerror}")
    wait = _LOOK_SECONDS
    try:
        while True:
            time.sleep(wait)
            wait = _LOOK_SECONDS if _look(followed, imports) else min(2 * wait, _MOST_SECONDS)
    except _SignalledError:
        return
    finally:
        followed.close()


def _look(followed: FollowedFolder, imports: Import) -> bool:
    """Import what is there; returns whether all that was tried got through to the service."""
    for path, mark in followed.settled():
        print(f"{path}:", flush=True)
        status, words, tally = imports.run([path])
        sys.stdout.flush()
        if words:
            print(f"{path}: {words}", file=sys.stderr, flush=True)
        if status is ExitStatus.OUT_OF_REACH and (tally.unknown or tally.waiting_rows):
            return False  # and else all of it is recorded, though nobody says what became of it
        followed.take(mark, {**tally.summary(), **({"trouble": words} if words else {})})
    return True


def _end(number: int, frame: FrameType | None) -> None:
    raise _SignalledError
