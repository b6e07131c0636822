"""How a client of Kafka is let go: always, soon, and without a word of its own that would replace ours."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

_LEAVE_SECONDS: Final = 3.0
_CUT_SECONDS: Final = 1.0


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
