"""Moments of the log as they are written: an instant, or positions of its partitions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from event_schemas.positions import PositionError, format_positions
from event_schemas.records import format_time
from timeline_service.domain.feed import read_live_id
from timeline_service.domain.vectors import ReadPoint, vector_of
from timeline_service.errors import RefusedError
from timeline_service.queries.read_points import WAIT_SECONDS, Awaited, past_instant


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment under the name of its parameter: an instant, or the last offset of each partition that has begun."""

    name: str
    instant: datetime | None
    positions: Mapping[int, int]

    @classmethod
    def read(cls, name: str, text: str) -> "Moment":
        """A moment by its text; raises RefusedError."""
        try:
            if "-" in text:
                return cls(name, past_instant(text), {})
            if not text.strip():
                raise PositionError("is empty")
            return cls(name, None, read_live_id(text)[0])  # the id of a live event is a position too
        except ValueError as error:
            expected = "give an instant, such as 2025-07-01T00:00:00Z, or positions, such as 3:17,5:2"
            raise RefusedError(f"/{name}", f"{error}: {expected}") from error

    def written(self) -> str:
        """As it is written, always in the same way."""
        return format_time(self.instant) if self.instant is not None else format_positions(self.positions)

    async def read_point(self, awaited: Awaited) -> ReadPoint:
        """Where the log was then, once the projection has got there; raises RefusedError for what it does not have."""
        if self.instant is not None:
            return await awaited.read_point_at(self.instant)
        now = await awaited.read_point_after(self.positions, WAIT_SECONDS, self.name)
        offsets = {partition: offset + 1 for partition, offset in self.positions.items()}
        return replace(now, vector=vector_of(offsets, len(now.vector)))
