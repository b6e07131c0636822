"""Records by their positions: what became of them, and those that are parked."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from event_schemas.positions import PositionError, parse_position, parse_positions
from timeline_service.adapters.postgres.rows import ParkedRow
from timeline_service.domain.newest import place_behind
from timeline_service.domain.outcomes import ALL_PROBLEMS, OUTCOMES, RecordSelection
from timeline_service.domain.portions import portions
from timeline_service.domain.vectors import OffsetVector, ReadPoint
from timeline_service.errors import NotParkedError, NotYetError, RefusedError, UnavailableError, UnknownRecordError
from timeline_service.queries.paging import Page
from timeline_service.queries.read_points import Awaited, reached_by
from timeline_service.queries.selections import read_batch
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.records import (
    ListedRecordView,
    ParkedView,
    RecordView,
    listed_record_view,
    parked_view,
    record_view,
)

_PRINCIPAL: Final = re.compile(r"[A-Za-z0-9._@:-]{1,128}")


async def find_record(awaited: Awaited, position: str, wait: float) -> tuple[ReadPoint, RecordView]:
    """What became of a record, which is waited for so many seconds, and when.

    Raises RefusedError, NotYetError and UnknownRecordError.
    """
    partition, offset = _read(position)
    reader = awaited.sources.reader
    point = await awaited.read_point()
    if not reached_by(point, partition, offset):
        try:
            point = await awaited.read_point_after({partition: offset}, wait, "position")
        except UnavailableError as error:
            await reader.read_point()  # away, or only not there yet?
            raise NotYetError(f"the record at {position} is not projected yet") from error
    row = await reader.record(point, partition, offset)
    if row is None:
        raise UnknownRecordError(f"the log has no record at {position}")
    return point, record_view(position, row)


async def is_in_log(sources: Sources, position: str) -> bool | None:
    """Whether the log goes as far as a position now; None where Kafka does not say. Raises RefusedError."""
    partition, offset = _read(position)
    try:
        bounds = await sources.offsets.bounds()
    except UnavailableError:
        return None
    return partition in bounds and offset < bounds[partition][1]


@dataclass(frozen=True, slots=True)
class ParkedPage:
    """A page of parked records: rows, which may be without their bytes yet, and the cursor of the next page."""

    point: ReadPoint
    at: ReadPoint
    rows: Sequence[ParkedRow]
    next: str | None

    @property
    def size(self) -> int:
        """The bytes of all records."""
        return sum(row.size for row in self.rows)

    @property
    def etag_parts(self) -> list[str]:
        """What determines the page: all but the records' own bytes, which never change."""
        return [
            str(value)
            for row in self.rows
            for name, value in row._asdict().items()
            if name not in {"key", "value", "headers"}
        ]


async def list_records(
    awaited: Awaited, page: Page, limit: int
) -> tuple[ReadPoint, Sequence[ListedRecordView], str | None]:
    """A page of what became of records, the newest first, and when; the cursor of the next page. Raises RefusedError.

    A record that was parked is told with what became of it since.
    """
    query = page.query
    selection = RecordSelection.of(
        _each(query, "outcome", OUTCOMES),
        _each(query, "problem", ALL_PROBLEMS),
        _principal(query.get("principal")),
        read_batch("batch", query["batch"]) if "batch" in query else None,
    )
    at = page.read_point(await awaited.within(query.get("generation")).read_point())
    since, before = _behind(query, "since", at), _behind(query, "until", at)
    place = page.key or (tuple(map(min, before, at.vector)) if before is not None else at.vector)
    rows = await awaited.sources.records.newest(
        at, selection, since=since or (0,) * len(at.vector), before=place, limit=limit + 1
    )
    following = page.next(at.vector, place_behind(place, rows[:limit])) if len(rows) > limit else None
    return at, [listed_record_view(row) for row in rows[:limit]], following


def _each(query: Mapping[str, Any], name: str, allowed: Sequence[str]) -> Sequence[str]:
    values: Sequence[str] = query.get(name) or ()
    for value in values:
        if value not in allowed:
            raise RefusedError(f"/{name}", f"{value[:80]!r} is not one of {', '.join(allowed)}")
    return values


def _behind(query: Mapping[str, Any], name: str, at: ReadPoint) -> OffsetVector | None:
    """The offsets behind the positions that a query names, if it does: 0 in each partition that these do not name."""
    if name not in query:
        return None
    try:
        positions = parse_positions(query[name])
    except PositionError as error:
        raise RefusedError(f"/{name}", str(error)) from error
    if unknown := [partition for partition in positions if partition >= len(at.vector)]:
        raise RefusedError(f"/{name}", f"the log has no partition {unknown[0]}")
    return tuple(positions.get(partition, -1) + 1 for partition in range(len(at.vector)))


def _principal(name: str | None) -> str | None:
    if name is not None and not _PRINCIPAL.fullmatch(name):
        raise RefusedError("/principal", f"{name[:80]!r} is no name: it has 1 to 128 letters, digits and ._@:-")
    return name


async def list_parked(awaited: Awaited, page: Page, limit: int) -> ParkedPage:
    """A page of parked records by position; `read_parked` reads them."""
    point = await awaited.within(page.query.get("generation")).read_point()
    at = page.read_point(point)
    after = (int(page.key[0]), int(page.key[1])) if page.key else (-1, -1)
    rows = await awaited.sources.reader.parked(point, after, limit + 1)
    more = len(rows) > limit
    following = page.next(at.vector, (rows[limit - 1].partition, rows[limit - 1].offset)) if more else None
    return ParkedPage(point, at, rows[:limit], following)


async def read_parked(sources: Sources, page: ParkedPage) -> AsyncIterator[Sequence[ParkedView]]:
    """The records of a page with their bytes, some at a time."""
    for some in portions(page.rows):
        yield [parked_view(row) for row in await sources.reader.parked_bytes(page.at, some)]


async def request_redrive(sources: Sources, position: str) -> ReadPoint:
    """Store the wish that a parked record be judged again, and say when; raises RefusedError and NotParkedError."""
    partition, offset = _read(position)
    point = await sources.reader.read_point()
    if not await sources.reader.request_redrive(point, partition, offset):
        raise NotParkedError(f"no record is parked at {position}")
    return point


def _read(position: str) -> tuple[int, int]:
    try:
        return parse_position(position)
    except PositionError as error:
        raise RefusedError("/position", str(error)) from error
