"""`/v1/log/export`: the log's records as they are, to be kept and checked by whoever wants to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response

from event_schemas.positions import format_position
from service_edge.parameters import WHOLE
from timeline_service.adapters.kafka.scan import KafkaScan
from timeline_service.api.answers import stream, tag_of
from timeline_service.api.descriptions import LOG_EXPORT
from timeline_service.domain.exports import (
    End,
    ExportHeader,
    Gap,
    write_end,
    write_gap,
    write_header,
    write_record,
)
from timeline_service.domain.vectors import Moment
from timeline_service.errors import HaltError, RefusedError, UnavailableError
from timeline_service.queries.moments import Awaited, Offsets, WaitsLive

router = APIRouter(tags=["log"])
_LOG: Final = structlog.get_logger()
_AT_ONCE: Final = 4
_PIECE_BYTES: Final = 256 * 1024
_MOST_RECORDS: Final = 500
_LAST_PATIENCE: Final = 2.0
Bounds = Mapping[int, tuple[int, int]]


class RawLog:
    """The log as lines, read by four at once at most, each with a connection of its own; others wait for their turn.

    Who takes nothing for `slow_seconds` loses the turn, and the export breaks off.
    """

    def __init__(self, open_scan: Callable[[], AbstractAsyncContextManager[KafkaScan]], slow_seconds: float) -> None:
        self._open_scan = open_scan
        self._slow_seconds = slow_seconds
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._scans: set[KafkaScan] = set()

    def stop(self) -> None:
        """The process is about to end: an export goes on while Kafka gives something, and waits for it no longer."""
        for scan in self._scans:
            scan.patience = _LAST_PATIENCE

    async def lines(self, header: ExportHeader) -> AsyncIterator[bytes]:
        """An export in pieces of whole lines; raises UnavailableError where it breaks off."""
        pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(1)
        # In a task of its own, so that the connection is closed in order: where the client goes away, the server
        # cancels whatever waits for it, again and again.
        reading = asyncio.create_task(self._read(header, pieces))
        try:
            yield write_header(header)
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            reading.cancel()

    async def _read(self, header: ExportHeader, pieces: "asyncio.Queue[bytes | Exception | None]") -> None:
        end: Exception | None = None
        try:
            async with self._turns, self._open_scan() as scan:
                self._scans.add(scan)
                try:
                    async for piece in _pieces(scan, header):
                        async with asyncio.timeout(self._slow_seconds):
                            await pieces.put(piece)
                finally:
                    self._scans.discard(scan)
        except TimeoutError:
            end = UnavailableError(f"the client took nothing for {self._slow_seconds} s")
            _LOG.warning("export cut off", partition=header.partition, reason=str(end))  # it may never hear of it
        except HaltError as error:
            end = UnavailableError(str(error))
        except Exception as error:  # it is raised where the pieces are taken
            end = error
        await pieces.put(end)


async def _required(request: Request, offsets: Offsets) -> None:
    """Say what partitions there are to who names none."""
    if "partition" not in request.query_params:
        count = len(await offsets.bounds())
        raise RefusedError("/partition", f"is missing: give one from 0 to {count - 1}")


@router.get(
    "/v1/log/export",
    summary="The log's own records",
    response_class=Response,
    dependencies=[Depends(_required)],
    responses=LOG_EXPORT,
)
async def log_export(
    request: Request,
    offsets: Offsets,
    awaited: WaitsLive,
    partition: Annotated[int, Query(ge=0, description="One of the log's partitions.", examples=[0]), WHOLE],
    from_: Annotated[
        int | None,
        Query(alias="from", ge=0, description="The first offset; by default where the log begins.", examples=[0]),
        WHOLE,
    ] = None,
    to: Annotated[
        int | None,
        Query(ge=0, description="The offset before which it ends; by default where the log ends now.", examples=[0]),
        WHOLE,
    ] = None,
) -> Response:
    """The records of a partition in the range [from, to), byte for byte, with their hashes.

    The first line says what it is; then there is a line for each record, and one with a `gap` wherever offsets hold
    none, as those of a transaction's markers do. The last line, `end`, says how many records there were: an export
    without it broke off, and can go on behind its last offset, to the same `to`. The same range is always the same
    bytes.
    """
    bounds = await offsets.bounds()
    _require_reached(awaited, bounds)
    start, end = _range(bounds, partition, from_, to)
    header = ExportHeader(request.app.state.topic, len(bounds), partition, start, end)
    raw_log: RawLog = request.app.state.raw_log
    at = Moment(0, tuple(end if number == partition else 0 for number in range(len(bounds))))
    tag = tag_of("log export with gaps and end", write_header(header))
    return stream(request, at, raw_log.lines(header), tag=tag, media_type="application/x-ndjson")


def _require_reached(awaited: Awaited, bounds: Bounds) -> None:
    """Refuse a position that the log does not have. What was acknowledged it has: there is nothing to wait for."""
    for partition, offset in awaited.positions.items():
        if partition not in bounds:
            raise RefusedError(f"/{awaited.parameter}", f"the log has no partition {partition}")
        if offset >= bounds[partition][1]:
            raise UnavailableError(f"the log has not got to {format_position(partition, offset)}")


def _range(bounds: Bounds, partition: int, from_: int | None, to: int | None) -> tuple[int, int]:
    if partition not in bounds:
        raise RefusedError("/partition", f"the log has no partition {partition}: give one from 0 to {len(bounds) - 1}")
    first, behind = bounds[partition]
    start, end = first if from_ is None else from_, behind if to is None else to
    if end > behind:
        raise RefusedError("/to", f"{end} is behind the end of partition {partition}: give {behind} at most")
    if start > end:
        limit = "the end of the log" if to is None else "to"
        raise RefusedError("/from", f"{start} is behind {limit}: give {end} at most")
    if start < first:
        raise RefusedError("/from", f"the records before {first} were deleted: give a number from {first} to {end}")
    return start, end


async def _pieces(scan: KafkaScan, header: ExportHeader) -> AsyncIterator[bytes]:
    at, records = header.start, 0
    async for batch in scan.read_typed(header.partition, header.start, header.end, _MOST_RECORDS):
        held = bytearray()
        for raw, timestamp_type in batch:
            held += _gap(header.partition, at, raw.offset) + write_record(raw, timestamp_type)
            at, records = raw.offset + 1, records + 1
            if len(held) >= _PIECE_BYTES:
                yield bytes(held)
                held.clear()
        if held:
            yield bytes(held)
    yield _gap(header.partition, at, header.end) + write_end(End(header.partition, records, header.end))


def _gap(partition: int, at: int, following: int) -> bytes:
    """The line that tells of the offsets before the following record, if any were passed over."""
    return write_gap(Gap(partition, at, following)) if following > at else b""
