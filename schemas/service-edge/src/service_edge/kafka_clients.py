"""How a client of Kafka is started so that it can be let go, and let go: always, soon, and without words of its own."""

import asyncio
import traceback
from collections.abc import Iterator
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaError

_LEAVE_SECONDS: Final = 3.0
_CUT_SECONDS: Final = 1.0


async def start_client(client: AIOKafkaConsumer | AIOKafkaAdminClient | AIOKafkaProducer) -> None:
    """Start a client; raises KafkaError, OSError, TimeoutError. Whatever comes of it, close it in the end.

    aiokafka (0.14) keeps the connection over which it first asks for the cluster in a local variable alone, and leaves
    it open where it is cancelled before the answer comes.
    """
    try:
        await client.start()
    except asyncio.CancelledError as cancelled:
        for frame, _ in traceback.walk_tb(cancelled.__traceback__):
            if isinstance(connection := frame.f_locals.get("bootstrap_conn"), AIOKafkaConnection):
                connection.close()
        raise


async def close_client(client: AIOKafkaConsumer | AIOKafkaAdminClient, seconds: float = _LEAVE_SECONDS) -> None:
    """Close a client in order or, where its broker does not answer for so many seconds, by cutting its connections.

    It raises nothing but the cancellation of the caller: aiokafka (0.14) cancels its own fetches, and where one of them
    was waiting to be tried again, `stop` raises that CancelledError as if it were ours, with its connections left open.
    """
    try:
        await _within(seconds, client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())
    finally:
        for task in _left(client):
            task.cancel()
        await _within(_CUT_SECONDS, client._client.close())


def is_left_behind(error: object) -> bool:
    """Whether an error that nobody has asked for is one that clients leave where a connection is given up.

    aiokafka (0.14) shields a commit from the cancellation of whoever waits for it, so that nobody hears of its end.
    """
    return isinstance(error, OSError | asyncio.CancelledError | KafkaError)  # TimeoutError is an OSError


async def _within(seconds: float, closing: Any) -> None:
    """Have it closed in a task of its own, whose end, however it comes, is none of ours."""
    task = asyncio.ensure_future(closing)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # it is known, and of no use
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=_CUT_SECONDS)


def _left(client: AIOKafkaConsumer | AIOKafkaAdminClient) -> Iterator["asyncio.Task[Any]"]:
    """The tasks that a client may have left behind where its closing came to nothing."""
    fetcher, coordinator = getattr(client, "_fetcher", None), getattr(client, "_coordinator", None)
    for owner, names in (
        (fetcher, ("_fetch_task",)),
        (coordinator, ("_coordination_task", "_heartbeat_task", "_commit_refresh_task", "_reset_committed_task")),
    ):
        for name in names:
            if (task := getattr(owner, name, None)) is not None and not task.done():
                yield task
    yield from (task for task in getattr(fetcher, "_pending_tasks", ()) if not task.done())
