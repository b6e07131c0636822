"""Pages of queries: their cursors, and the key that seals those."""

from typing import Any

import pytest

from timeline_service.adapters.postgres.reader import PostgresReader
from timeline_service.domain.vectors import ReadPoint
from timeline_service.errors import RefusedError, UnavailableError
from timeline_service.queries.paging import Page
from timeline_service.queries.seal import CursorSeal

ASKED = {"of": "events", "tag": ["chips"], "q": None}


class LateReader(PostgresReader):
    """Knows the key, and is away when it is asked for the first time."""

    def __init__(self) -> None:
        self.asked = 0

    async def secret(self, name: str) -> bytes:
        self.asked += 1
        if self.asked == 1:
            raise UnavailableError("away")
        return name.encode()


@pytest.fixture
async def seal() -> CursorSeal:
    seal = CursorSeal(LateReader())
    with pytest.raises(UnavailableError, match="not reached"):
        seal.secret()
    await seal.run()
    return seal


def following(seal: CursorSeal, **asked: Any) -> str:
    return Page.of(seal, {**ASKED, **asked}, None, ()).next((3, 4), ("a", 1))


async def test_a_cursor_brings_its_query_and_its_vector(seal: CursorSeal) -> None:
    page = Page.of(seal, ASKED, following(seal), ["cursor", "limit"])
    assert page == Page({"of": "events", "tag": ["chips"]}, (3, 4), ("a", 1), b"cursors")
    assert page.read_point(ReadPoint(1, (9, 9))) == ReadPoint(1, (3, 4))
    with pytest.raises(UnavailableError, match="behind the page"):
        page.read_point(ReadPoint(1, (9, 3)))


async def test_what_is_given_beside_a_cursor_is_its_own(seal: CursorSeal) -> None:
    cursor = following(seal)
    assert Page.of(seal, ASKED | {"tag": None}, cursor, ["cursor"]).query["tag"] == ["chips"]
    with pytest.raises(RefusedError, match="another query"):
        Page.of(seal, ASKED | {"tag": ["apps"]}, cursor, ["cursor", "tag"])
    with pytest.raises(RefusedError, match="another query"):
        Page.of(seal, ASKED | {"of": "pairs"}, cursor, ["cursor"])
    with pytest.raises(RefusedError, match="not a cursor"):
        Page.of(seal, ASKED, "nonsense", ["cursor"])
