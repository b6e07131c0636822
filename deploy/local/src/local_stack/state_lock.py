"""One start or stop at a time in a state folder; the lock goes with whoever holds it, however that ends."""

import asyncio
import errno
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from local_stack.errors import StackError


@asynccontextmanager
async def exclusive(state_dir: Path, say: Callable[[str], None], stop: asyncio.Event) -> AsyncIterator[None]:
    """Wait until nobody else starts or stops the stack in this folder, and keep others waiting.

    Raises StackError if `stop` is set meanwhile, or if the folder cannot be written, then or later.
    """
    lock = _open(state_dir)
    try:
        patience = 10  # the supervisor takes no longer to start something
        while not _take(lock):
            if stop.is_set():
                raise StackError("interrupted while waiting")
            if patience == 0:
                say(f"waiting for another start or stop in {state_dir} (pid {_holder(lock)})")
            patience -= 1
            await asyncio.sleep(0.1)
        yield
    except (ConnectionError, TimeoutError):
        raise
    except OSError as error:
        raise _unwritable(state_dir, error) from error
    finally:
        os.close(lock)


@contextmanager
def exclusive_at_once(state_dir: Path) -> Iterator[bool]:
    """Keep others from starting or stopping the stack, if nobody does; yields whether that is so."""
    lock = _open(state_dir)
    try:
        yield _take(lock)
    finally:
        os.close(lock)


def _open(state_dir: Path) -> int:
    folder = state_dir / "run"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder / "stack.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _unwritable(state_dir, error) from error


def _unwritable(state_dir: Path, error: OSError) -> StackError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    remedy = "make room there, or choose another" if full else "choose another"
    return StackError(f"STATE_DIR={state_dir} cannot be written ({error.strerror or error}): {remedy} with STATE_DIR=…")


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    with suppress(OSError):  # it only informs, and a full disk must not keep anybody from stopping the stack
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return True


def _holder(lock: int) -> str:
    return os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
