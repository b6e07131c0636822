"""What every read shares: the position that it waits for, the moment that it answers at, and its validators."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import Depends, Header, Query, Request, Response

from event_schemas.positions import PositionError, parse_positions
from timeline_service.adapters.kafka_offsets import KafkaOffsets
from timeline_service.adapters.postgres_reader import Moment, PostgresReader
from timeline_service.domain.vectors import timeline_position
from timeline_service.errors import RefusedError

WAIT_SECONDS: Final = 5.0
_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE
)


def reader_of(request: Request) -> PostgresReader:
    """The app's reader."""
    reader: PostgresReader = request.app.state.reader
    return reader


def offsets_of(request: Request) -> KafkaOffsets:
    """The app's view of the log's ends."""
    offsets: KafkaOffsets = request.app.state.offsets
    return offsets


def secret_of(request: Request) -> bytes | None:
    """The key that seals cursors, once it was read."""
    secret: bytes | None = request.app.state.cursor_secret
    return secret


Reader = Annotated[PostgresReader, Depends(reader_of)]
Offsets = Annotated[KafkaOffsets, Depends(offsets_of)]


async def _moment(
    request: Request,
    reader: Reader,
    timeline_position: Annotated[
        str | None, Header(description="Answer at these positions or later: the header of an earlier answer.")
    ] = None,
    min_position: Annotated[
        str | None, Query(description="The same as the Timeline-Position header, for links.", examples=["3:17,5:2"])
    ] = None,
) -> Moment:
    if len(request.headers.getlist("timeline-position")) > 1:
        raise RefusedError("/Timeline-Position", "is given more than once: give one list, such as 3:17,5:2")
    positions: dict[int, int] = {}
    for name, text in (("Timeline-Position", timeline_position), ("min_position", min_position)):
        try:
            given = parse_positions(text) if text is not None else {}
        except PositionError as error:
            raise RefusedError(f"/{name}", str(error)) from error
        positions |= {partition: max(offset, positions.get(partition, 0)) for partition, offset in given.items()}
    try:
        return await reader.moment_after(positions, WAIT_SECONDS)
    except KeyError as error:
        name = "Timeline-Position" if timeline_position is not None else "min_position"
        raise RefusedError(f"/{name}", f"the log has no partition {error}") from error


#: The moment at which a read answers, after having waited for the position that the request names.
At = Annotated[Moment, Depends(_moment)]


async def _moment_then(
    reader: Reader,
    offsets: Offsets,
    moment: At,
    as_of: Annotated[
        str | None,
        Query(description="What the answer was at that instant (RFC 3339).", examples=["2025-07-01T00:00:00Z"]),
    ] = None,
) -> Moment:
    if as_of is None:
        return moment
    instant = _instant(as_of)
    behind = [
        row["partition"]
        for row in await reader.checkpoints(moment)
        if row["recorded_at"] is None or row["recorded_at"] <= instant
    ]
    if behind:  # the log may hold records of that time which are not projected yet
        ends = {partition: end for partition, (_, end) in (await offsets.bounds(len(moment.vector))).items()}
        moment = await reader.moment_after({p: ends[p] - 1 for p in behind if ends[p]}, WAIT_SECONDS)
    return await reader.moment_as_of(moment, instant)


#: The moment at which a read answers that takes `as_of`.
Then = Annotated[Moment, Depends(_moment_then)]


def _instant(text: str) -> datetime:
    try:
        if not _RFC_3339.fullmatch(text):
            raise ValueError(text)
        instant = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RefusedError("/as_of", f"{text[:80]!r} is not RFC 3339: write 2025-07-01T00:00:00Z") from error
    if instant > datetime.now(UTC):
        raise RefusedError("/as_of", f"{text[:80]} is yet to come: nobody knows what will be recorded")
    return instant


def answer(
    request: Request, moment: Moment, body: Any, *, headers: dict[str, str] | None = None, status: int = 200
) -> Response:
    """A JSON answer with its position and a strong ETag; 304 without a body if the caller has it already."""
    content = orjson.dumps(body)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    shared = {"etag": tag, "cache-control": "no-cache", **(headers or {})}
    if position := timeline_position(moment.vector):
        shared["timeline-position"] = position
    known = [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]
    if request.method in {"GET", "HEAD"} and (tag in known or "*" in known):
        return Response(status_code=304, headers=shared)
    return Response(content, status, shared, "application/json")
