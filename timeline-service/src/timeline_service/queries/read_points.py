"""The read point at which a question is answered, and what it waits for before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from timeline_service.domain.vectors import ReadPoint, reached
from timeline_service.errors import EndedError, RefusedError, UnavailableError
from timeline_service.queries.sources import Sources

WAIT_SECONDS: Final = 5.0
_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a read waits for before it answers: the positions that it names, under the name of `parameter`.

    `generation` is the one that it names, if not the live one.
    """

    sources: Sources
    positions: Mapping[int, int]
    parameter: str
    generation: int | None = None

    def within(self, generation: int | None) -> "Awaited":
        """The same of another generation: of the one that a cursor carries."""
        return replace(self, generation=generation)

    async def read_point(self, *, searching: bool = False) -> ReadPoint:
        """Now, or as soon as the projection has got there; `searching`: as soon as its documents have."""
        return await self.read_point_after(self.positions, WAIT_SECONDS, self.parameter, searching=searching)

    async def read_point_after(
        self, positions: Mapping[int, int], seconds: float, parameter: str, *, searching: bool = False
    ) -> ReadPoint:
        """As soon as the projection has got to other positions, which stand under the name of `parameter`."""
        reader = self.sources.reader
        try:
            return await reader.read_point_after(positions, seconds, searching=searching, generation=self.generation)
        except KeyError as error:
            raise RefusedError(f"/{parameter}", f"the log has no partition {error}") from error
        except EndedError as error:
            raise RefusedError(f"/{parameter}", str(error)) from error

    def got_to(self, point: ReadPoint) -> bool:
        """Whether nothing is left to wait for at a read point."""
        return all(reached_by(point, *position) for position in self.positions.items())

    async def read_point_as_of(self, as_of: str, *, searching: bool = False) -> ReadPoint:
        """What was recorded at an instant, once the projection, or its documents, hold all of it.

        A generation that is not projected any further is not waited for: it answers with as much of it as it has.
        """
        return await self.read_point_at(read_instant(as_of), searching=searching)

    async def read_point_at(self, instant: datetime, *, searching: bool = False) -> ReadPoint:
        """The same of an instant that was read."""
        point = await self.read_point()
        if await self._goes_on():
            point = await self._caught_up(point, instant)
        point = await self.sources.reader.read_point_as_of(point, instant)
        if searching:
            held = {partition: offset - 1 for partition, offset in enumerate(point.vector) if offset}
            await self.read_point_after(held, WAIT_SECONDS, self.parameter, searching=True)
        return point

    async def read_point_if_any(self) -> ReadPoint:
        """As `read_point`; of no generation where there is none to be read, and no position is waited for."""
        try:
            return await self.read_point()
        except UnavailableError:
            if self.positions:
                raise
            return ReadPoint(0, ())

    async def _goes_on(self) -> bool:
        return self.generation is None or bool((await self.sources.reader.generation(self.generation))["live"])

    async def _caught_up(self, point: ReadPoint, instant: datetime) -> ReadPoint:
        behind = [
            row.partition
            for row in await self.sources.reader.checkpoints(point)
            if row.recorded_at is None or row.recorded_at <= instant
        ]
        if not behind:
            return point
        # The log may hold records of that time which are not projected yet.
        ends = {p: end for p, (_, end) in (await self.sources.offsets.bounds(len(point.vector))).items()}
        return await self.read_point_after({p: ends[p] - 1 for p in behind if ends[p]}, WAIT_SECONDS, self.parameter)


def reached_by(point: ReadPoint, partition: int, offset: int) -> bool:
    """Whether a projection holds a record at the read point; not, where there is no such partition."""
    return partition < len(point.vector) and reached(point.vector, {partition: offset})


def read_instant(text: str) -> datetime:
    """The instant that an `as_of` names; raises RefusedError."""
    try:
        return past_instant(text)
    except ValueError as error:
        raise RefusedError("/as_of", str(error)) from error


def past_instant(text: str) -> datetime:
    """The instant that a text names; raises ValueError, which says what was expected."""
    try:
        if not _RFC_3339.fullmatch(text):
            raise ValueError(text)
        instant = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:80]!r} is not RFC 3339: write 2025-07-01T00:00:00Z") from error
    if instant > datetime.now(UTC):
        raise ValueError(f"{text[:80]} is yet to come: nobody knows what will be recorded")
    return instant
