"""What is asked of a replica: more than entries where a statement looks into documents, too."""

from collections.abc import Awaitable, Callable
from typing import Any

from timeline_service.adapters.postgres.read_pools import ReadPool
from timeline_service.adapters.postgres.selections import PostgresSelections
from timeline_service.domain.vectors import ReadPoint
from timeline_service.queries.selections import read_selection


class NotingPool(ReadPool):
    """Notes of each read whether documents have to be there; plans expect very many rows, and there are none."""

    def __init__(self) -> None:
        self.documents: list[bool] = []

    async def read(self, point: ReadPoint, work: "Callable[[Any], Awaitable[Any]]", *, documents: bool = False) -> Any:
        self.documents.append(documents)
        return await work(self)

    async def fetchval(self, *asked: Any) -> str:
        return '[{"Plan": {"Plan Rows": 1000000}}]'

    async def fetch(self, *asked: Any, timeout: float | None = None) -> list[Any]:
        return []


async def test_a_walk_of_a_pairs_entries_that_looks_into_documents_needs_them_there() -> None:
    point = ReadPoint(1, (5,))
    for asked, needed in (({"tag": ["chips"]}, True), ({"q": "accord"}, True), ({"type": ["ban"]}, False), ({}, False)):
        by_value, in_order = NotingPool(), NotingPool()
        selections = PostgresSelections(by_value, in_order, walk_from=100, walk_seconds=1)
        selection = read_selection(asked, "CHN-IND")
        assert await selections.page(point, selection, descending=False, after=None, limit=5) == []
        assert in_order.documents == [needed]
        assert set(by_value.documents) <= {True}
