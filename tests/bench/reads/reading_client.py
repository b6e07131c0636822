"""One connection to a timeline service that is kept alive, and cursors into the middle of what it lists."""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

import asyncpg
from tests.bench.reads.filled_tables import LARGEST
from tests.bench.reads.reading_pages import FIRST, MIDDLE, Variant

from timeline_service.domain.cursors import read_cursor, write_cursor
from timeline_service.domain.selections import SortKey

_KEYS: Final = """
with ordered as (
    select
        earliest, latest, accepted_at, event_id,
        row_number() over (order by earliest, latest, accepted_at, event_id) as number, count(*) over () as count
    from timeline_g1.entries where pair = $1
)
select earliest, latest, accepted_at, event_id from ordered
where number in (51, count / 2, count - 50) order by number
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came, and after how many milliseconds."""

    taken: float
    status: int
    tag: str
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body as JSON."""
        body: dict[str, Any] = json.loads(self.body)
        return body


class ReadingClient:
    """A client of one service; close it when done."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=300)

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask; raises RuntimeError unless the answer is 200 or 304."""
        start = time.perf_counter()
        self._connection.request("GET", target, headers=dict(headers or {}))
        response = self._connection.getresponse()
        body = response.read()
        taken = (time.perf_counter() - start) * 1000
        if response.status not in (200, 304):
            raise RuntimeError(f"{target} was answered {response.status}: {body.decode()}")
        return Answer(taken, response.status, response.headers.get("etag", ""), body)

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Places:
    """Keys of the largest pair: behind its first 50 events, in its middle, and before its last 50."""

    secret: bytes
    near_start: SortKey
    middle: SortKey
    near_end: SortKey

    def key(self, client: ReadingClient, variant: Variant) -> SortKey | None:
        """The key behind which a variant's page lies; None at the start, and where all is on the first page."""
        if variant.place == FIRST or self._first_cursor(client, variant) is None:
            return None
        last = self.near_start if variant.query.get("order") == "desc" else self.near_end
        return self.middle if variant.place == MIDDLE else last

    def target(self, client: ReadingClient, variant: Variant) -> str:
        """What to ask for a variant: elsewhere than at the start with its first page's cursor, moved."""
        key = self.key(client, variant)
        if key is None:
            return f"{variant.path}?{urlencode(variant.query)}"
        moved = replace(read_cursor(self._first_cursor(client, variant) or "", self.secret), key=key.written())
        return f"{variant.path}?{urlencode({'cursor': write_cursor(moved, self.secret)})}"

    def _first_cursor(self, client: ReadingClient, variant: Variant) -> str | None:
        cursor: str | None = client.get(f"{variant.path}?{urlencode(variant.query)}").json["next"]
        return cursor


async def find_places(connection: "asyncpg.Connection[asyncpg.Record]") -> Places:
    """The places of a database that a service has been started on. Raises RuntimeError for too few events."""
    secret = await connection.fetchval("select value from timeline.secrets where name = 'cursors'")
    keys = [
        SortKey(row["earliest"], row["latest"], row["accepted_at"], str(row["event_id"]))
        for row in await connection.fetch(_KEYS, LARGEST)
    ]
    if len(keys) != 3:
        raise RuntimeError(f"{LARGEST} has too few events to page through")
    return Places(secret, *keys)
