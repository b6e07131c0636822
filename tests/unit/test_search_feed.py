import asyncio
from collections.abc import Collection
from typing import cast

import pytest
from tests.support.waiting import wait_until

from timeline_service.adapters.postgres.search_documents import PostgresDocuments
from timeline_service.projector.search_feed import SearchFeed


class _Idle:
    """Documents that are never behind."""

    def __init__(self) -> None:
        self.asked = 0

    async def lagging(self, partitions: Collection[int]) -> list[int]:
        self.asked += 1
        return []


async def test_a_feed_that_has_news_and_is_stopped_at_once_stops() -> None:
    documents = _Idle()
    feed = SearchFeed(cast(PostgresDocuments, documents), lambda: ())
    task = asyncio.create_task(feed.run())
    await wait_until(lambda: documents.asked)
    feed.projected(catching_up=False)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await task
