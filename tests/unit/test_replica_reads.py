"""What is asked of a replica: more than entries where a statement looks into documents, too."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.waiting import wait_until

from timeline_service.adapters.postgres import read_pools
from timeline_service.adapters.postgres.read_pools import ReadPool, Replicas
from timeline_service.adapters.postgres.replica import Replica
from timeline_service.adapters.postgres.replica_connections import Identity, UnfitError
from timeline_service.adapters.postgres.selections import PostgresSelections
from timeline_service.domain.vectors import ReadPoint
from timeline_service.errors import UnavailableError
from timeline_service.queries.batches import list_batches
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


async def test_why_a_replica_is_out_of_reach_is_for_the_log_alone() -> None:
    class Refusing:
        async def open(self) -> None: ...

        def let_go(self) -> None: ...

        def connected(self, use: object) -> object:
            raise UnavailableError("password authentication failed for user keeper at 10.0.0.7")

    replica: Any = Replica("postgresql://replica/dyadline", 1, lambda: None)
    replica._connections = Refusing()
    with pytest.raises(UnfitError) as refused:
        await replica._look()
    assert "keeper" not in str(refused.value)
    assert "keeper" in refused.value.detail


async def test_connections_are_cut_once_the_primary_is_another_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    found, let_go = [Identity(1, 5)], [0]

    @asynccontextmanager
    async def connected(pool: object) -> AsyncIterator[None]:
        yield

    async def identity_of(connection: object) -> Identity:
        return found[-1]

    def cut() -> None:
        let_go[0] += 1

    monkeypatch.setattr(read_pools, "connected", connected)
    monkeypatch.setattr(read_pools, "identity_of", identity_of)
    monkeypatch.setattr(read_pools, "_IDENTIFY_SECONDS", 0)
    no_pool: Any = None
    replicas: Any = Replicas(no_pool, (), most=1, wait_seconds=0)
    replicas._replicas = [SimpleNamespace(let_go=cut)]
    known = asyncio.Event()
    looking = asyncio.create_task(replicas._identify(known))
    await known.wait()
    assert let_go == [0]
    found.append(Identity(2, 5))
    await wait_until(lambda: let_go[0] > 0)
    looking.cancel()
    await asyncio.wait([looking])
    assert let_go == [1]


async def test_a_later_page_of_loads_is_of_what_was_waited_for_and_not_of_its_cursor() -> None:
    now, older, asked = ReadPoint(1, (9,)), ReadPoint(1, (5,)), list[ReadPoint]()

    async def read_point() -> ReadPoint:
        return now

    async def rows(point: ReadPoint, after: str, limit: int) -> tuple[dict[int, int], list[Any]]:
        asked.append(point)
        return {0: point.vector[0]}, []

    awaited: Any = SimpleNamespace(read_point=read_point, sources=SimpleNamespace(batches=SimpleNamespace(page=rows)))
    awaited.within = lambda generation: awaited
    page: Any = SimpleNamespace(query={}, key=("a",), read_point=lambda point: older)
    at, *_ = await list_batches(awaited, page, 10)
    assert asked == [now]
    assert at.vector == (9,)
