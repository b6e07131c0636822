"""What every read shares: the position that it waits for, and the read point at which it answers.

Dependencies are coroutines although few of them wait: FastAPI runs others in threads, which costs more than they do.
"""

from typing import Annotated

from fastapi import Depends, Header, Query, Request

from event_schemas.positions import PositionError
from service_edge.parameters import WHOLE
from timeline_service.api.holdings import Held
from timeline_service.domain.feed import read_live_id
from timeline_service.domain.vectors import ReadPoint
from timeline_service.errors import RefusedError
from timeline_service.queries.read_points import Awaited

AsOf = Annotated[
    str | None,
    Query(description="What the answer was at that instant (RFC 3339).", examples=["2025-07-01T00:00:00Z"]),
]
GenerationNumber = Annotated[
    int,
    Query(ge=1, description="Read this generation, of /v1/generations, instead of the live one.", examples=[1]),
    WHOLE,
]


async def _awaited(
    request: Request,
    held: Held,
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
    return Awaited(held.sources, positions, "Timeline-Position" if timeline_position else "min_position")


#: What an answer waits for that is not read from a generation of one's choice.
AwaitedLive = Annotated[Awaited, Depends(_awaited)]


async def _awaited_in(awaited: AwaitedLive, generation: GenerationNumber | None = None) -> Awaited:
    return awaited.within(generation)


#: What a read waits for, and in which generation; it then chooses its read point by itself.
AwaitedRead = Annotated[Awaited, Depends(_awaited_in)]


async def _current_read_point(awaited: AwaitedRead) -> ReadPoint:
    return await awaited.read_point()


#: The read point at which a read answers, after having waited for the position that the request names.
CurrentReadPoint = Annotated[ReadPoint, Depends(_current_read_point)]


async def _as_of_read_point(awaited: AwaitedRead, as_of: AsOf = None) -> ReadPoint:
    return await awaited.read_point() if as_of is None else await awaited.read_point_as_of(as_of)


#: The read point at which a read answers that takes `as_of`.
AsOfReadPoint = Annotated[ReadPoint, Depends(_as_of_read_point)]


async def _read_point_if_any(awaited: AwaitedLive) -> ReadPoint:
    return await awaited.read_point_if_any()


#: How far the live generation is, for answers that are not read from any and can be given without one.
ReadPointIfAny = Annotated[ReadPoint, Depends(_read_point_if_any)]
