"""What every read shares: the position that it waits for, and the moment at which it answers.

Dependencies are coroutines although few of them wait: FastAPI runs others in threads, which costs more than they do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends, Header, Query, Request

from event_schemas.positions import PositionError
from service_edge.parameters import WHOLE
from timeline_service.adapters.kafka.offsets import KafkaOffsets
from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.adapters.postgres.reader import PostgresReader
from timeline_service.adapters.postgres.replays import PostgresReplays
from timeline_service.adapters.postgres.selections import PostgresSelections
from timeline_service.domain.live import read_live_id
from timeline_service.domain.vectors import Moment
from timeline_service.errors import EndedError, RefusedError, UnavailableError

WAIT_SECONDS: Final = 5.0
_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE
)


async def reader_of(request: Request) -> PostgresReader:
    """The app's reader."""
    reader: PostgresReader = request.app.state.reader
    return reader


async def selections_of(request: Request) -> PostgresSelections:
    """The app's reader of selections."""
    selections: PostgresSelections = request.app.state.selections
    return selections


async def offsets_of(request: Request) -> KafkaOffsets:
    """The app's view of the log's ends."""
    offsets: KafkaOffsets = request.app.state.offsets
    return offsets


async def replays_of(request: Request) -> PostgresReplays:
    """The app's table of replays."""
    replays: PostgresReplays = request.app.state.replays
    return replays


async def generations_of(request: Request) -> PostgresGenerations:
    """The app's table of generations."""
    generations: PostgresGenerations = request.app.state.generations
    return generations


def secret_of(request: Request) -> bytes | None:
    """The key that seals cursors, once it was read."""
    secret: bytes | None = request.app.state.cursor_secret
    return secret


Reader = Annotated[PostgresReader, Depends(reader_of)]
Selections = Annotated[PostgresSelections, Depends(selections_of)]
Offsets = Annotated[KafkaOffsets, Depends(offsets_of)]
Replays = Annotated[PostgresReplays, Depends(replays_of)]
Generations = Annotated[PostgresGenerations, Depends(generations_of)]
AsOf = Annotated[
    str | None,
    Query(description="What the answer was at that instant (RFC 3339).", examples=["2025-07-01T00:00:00Z"]),
]
GenerationNumber = Annotated[
    int,
    Query(ge=1, description="Read this generation, of /v1/generations, instead of the live one.", examples=[1]),
    WHOLE,
]


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a read waits for before it answers: the positions that the request names, under the name of `parameter`.

    `generation` is the one that the request names, if not the live one.
    """

    reader: PostgresReader
    offsets: KafkaOffsets
    positions: Mapping[int, int]
    parameter: str
    generation: int | None = None

    def within(self, generation: int | None) -> "Awaited":
        """The same of another generation: of the one that a cursor carries."""
        return replace(self, generation=generation)

    async def moment(self, *, searching: bool = False) -> Moment:
        """Now, or as soon as the projection has got there; `searching`: as soon as its documents have."""
        return await self.moment_after(self.positions, WAIT_SECONDS, self.parameter, searching=searching)

    async def moment_after(
        self, positions: Mapping[int, int], seconds: float, parameter: str, *, searching: bool = False
    ) -> Moment:
        """As soon as the projection has got to other positions, which stand under the name of `parameter`."""
        try:
            return await self.reader.moment_after(positions, seconds, searching=searching, generation=self.generation)
        except KeyError as error:
            raise RefusedError(f"/{parameter}", f"the log has no partition {error}") from error
        except EndedError as error:
            raise RefusedError(f"/{parameter}", str(error)) from error

    async def moment_as_of(self, as_of: str, *, searching: bool = False) -> Moment:
        """What was recorded at an instant, once the projection, or its documents, hold all of it.

        A generation that is not projected any further is not waited for: it answers with as much of it as it has.
        """
        instant = read_instant(as_of)
        moment = await self.moment()
        if await self._goes_on():
            moment = await self._caught_up(moment, instant)
        moment = await self.reader.moment_as_of(moment, instant)
        if searching:
            held = {partition: offset - 1 for partition, offset in enumerate(moment.vector) if offset}
            await self.moment_after(held, WAIT_SECONDS, self.parameter, searching=True)
        return moment

    async def _goes_on(self) -> bool:
        return self.generation is None or bool((await self.reader.generation(self.generation))["live"])

    async def _caught_up(self, moment: Moment, instant: datetime) -> Moment:
        behind = [
            row["partition"]
            for row in await self.reader.checkpoints(moment)
            if row["recorded_at"] is None or row["recorded_at"] <= instant
        ]
        if not behind:
            return moment
        # The log may hold records of that time which are not projected yet.
        ends = {p: end for p, (_, end) in (await self.offsets.bounds(len(moment.vector))).items()}
        return await self.moment_after({p: ends[p] - 1 for p in behind if ends[p]}, WAIT_SECONDS, self.parameter)


async def _awaited(
    request: Request,
    reader: Reader,
    offsets: Offsets,
    timeline_position: Annotated[
        str | None,
        Header(
            alias="Timeline-Position",
            description="Answer at these positions or later: the header of an earlier answer.",
            examples=["0:0"],
        ),
    ] = None,
    min_position: Annotated[
        str | None, Query(description="The same as the Timeline-Position header, for links.", examples=["0:0"])
    ] = None,
) -> Awaited:
    if len(request.headers.getlist("timeline-position")) > 1:
        raise RefusedError("/Timeline-Position", "is given more than once: give one list, such as 3:17,5:2")
    positions: dict[int, int] = {}
    for name, text in (("Timeline-Position", timeline_position), ("min_position", min_position)):
        try:
            given = read_live_id(text)[0] if text is not None else {}  # the id of a live event is a position too
        except PositionError as error:
            raise RefusedError(f"/{name}", str(error)) from error
        positions |= {partition: max(offset, positions.get(partition, 0)) for partition, offset in given.items()}
    return Awaited(reader, offsets, positions, "Timeline-Position" if timeline_position else "min_position")


#: What an answer waits for that is not read from a generation of one's choice.
WaitsLive = Annotated[Awaited, Depends(_awaited)]


async def _awaited_in(awaited: WaitsLive, generation: GenerationNumber | None = None) -> Awaited:
    return awaited.within(generation)


#: What a read waits for, and in which generation; it then chooses its moment by itself.
Waits = Annotated[Awaited, Depends(_awaited_in)]


async def _moment(awaited: Waits) -> Moment:
    return await awaited.moment()


#: The moment at which a read answers, after having waited for the position that the request names.
At = Annotated[Moment, Depends(_moment)]


async def _moment_then(awaited: Waits, as_of: AsOf = None) -> Moment:
    return await awaited.moment() if as_of is None else await awaited.moment_as_of(as_of)


#: The moment at which a read answers that takes `as_of`.
Then = Annotated[Moment, Depends(_moment_then)]


async def _moment_beside(awaited: WaitsLive) -> Moment:
    try:
        return await awaited.moment()
    except UnavailableError:
        if awaited.positions:
            raise
        return Moment(0, ())


#: How far the live generation is, for answers that are not read from any and can be given without one.
Beside = Annotated[Moment, Depends(_moment_beside)]


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
