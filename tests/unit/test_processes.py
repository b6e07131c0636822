"""What the processes that answer nothing do about errors that nobody waits for."""

import asyncio
import gc

import pytest
from aiokafka.errors import KafkaConnectionError
from structlog.testing import capture_logs

from timeline_service.processes import _note_left_over


async def leave_behind(error: Exception) -> None:
    """Have a task fail of which nobody hears any more, as aiokafka shields a commit."""
    failed = asyncio.Event()

    async def commit() -> None:
        try:
            await asyncio.sleep(0)
            raise error
        finally:
            failed.set()

    async def wait_for_it() -> None:
        await asyncio.shield(commit())

    waiting = asyncio.create_task(wait_for_it())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    await failed.wait()
    await asyncio.sleep(0)
    gc.collect()


@pytest.mark.parametrize("error", [KafkaConnectionError("cut"), TimeoutError(), ConnectionResetError()], ids=repr)
async def test_what_a_client_leaves_behind_where_its_connection_is_given_up_is_no_failure(error: Exception) -> None:
    asyncio.get_running_loop().set_exception_handler(_note_left_over)
    with capture_logs() as logs:
        await leave_behind(error)
    assert [line["event"] for line in logs] == ["left over from a connection"]


async def test_any_other_error_of_which_nobody_hears_is_one(caplog: pytest.LogCaptureFixture) -> None:
    asyncio.get_running_loop().set_exception_handler(_note_left_over)
    await leave_behind(ValueError("a bug"))
    assert "Task exception was never retrieved" in caplog.text
