import asyncio
import errno
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.running.session_folder import watch_session_folder

from local_stack import stack
from local_stack.errors import StackError
from local_stack.processes import Process
from local_stack.record import is_wanted, write_record
from local_stack.settings import DOWNLOADS, read_settings
from local_stack.state_lock import exclusive


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[Process]:
    """A process of a stack that runs."""
    watch_session_folder()
    running = Process("ingest", [sys.executable, "-c", "import signal; signal.pause()"], tmp_path)
    running.start()
    yield running
    await running.stop()


async def test_a_full_disk_keeps_nobody_from_stopping_the_stack(ingest: Process) -> None:
    settings = read_settings({"STATE_DIR": str(ingest.state_dir)})
    write_record(settings, wanted=True)
    settings.record.with_suffix(".new").symlink_to("/dev/full")
    said: list[str] = []
    await stack.down(settings, said.append, asyncio.Event())
    assert said == ["stopped ingest"]
    assert ingest.pid() is None
    assert not is_wanted(settings)


async def test_a_full_disk_is_named_with_its_variable(tmp_path: Path) -> None:
    with pytest.raises(StackError) as raised:
        async with exclusive(tmp_path, print, asyncio.Event()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(raised.value).startswith(f"STATE_DIR={tmp_path} cannot be written (No space left on device): make room")


async def test_nothing_is_stopped_for_a_given_server_that_does_not_answer(ingest: Process) -> None:
    own = read_settings({"STATE_DIR": str(ingest.state_dir)})
    settings = replace(own, given_database="nonsense")
    write_record(own, wanted=True)
    before = ingest.pid()
    with pytest.raises(StackError, match="DATABASE_URL cannot be read"):
        await stack.up(settings, DOWNLOADS, print, asyncio.Event())
    assert ingest.pid() == before is not None
