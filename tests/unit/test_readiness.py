"""Whether a service is ready: one question at a time, whoever asks."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from timeline_service.api.readiness import Readiness
from timeline_service.queries.sources import Sources


async def test_many_who_ask_while_questions_end_and_begin_are_all_told() -> None:
    """Questions that are answered at once: who was waiting for one is not told of the next, which is still open."""

    async def read_point() -> None:
        await asyncio.sleep(0)

    sources: Any = SimpleNamespace(
        reader=SimpleNamespace(read_point=read_point), seal=SimpleNamespace(secret=lambda: b"")
    )
    readiness = Readiness(cast(Sources, sources), 0)

    async def ask_again_and_again() -> None:
        for turn in range(50):
            await readiness.require()
            await asyncio.gather(*(asyncio.sleep(0) for _ in range(turn % 3)))

    await asyncio.gather(*(ask_again_and_again() for _ in range(8)))
