"""The log's own records, in pieces of lines for whoever wants to keep and check them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog

from event_schemas.positions import format_position
from timeline_service.adapters.kafka.scan import KafkaScan
from timeline_service.domain.exports import (
    End,
    ExportHeader,
    Gap,
    write_end,
    write_gap,
    write_header,
    write_record,
)
from timeline_service.errors import HaltError, RefusedError, UnavailableError
from timeline_service.queries.read_points import Awaited

_LOG: Final = structlog.get_logger()
_AT_ONCE: Final = 4
_PIECE_BYTES: Final = 256 * 1024
_MAX_RECORDS: Final = 500
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


def require_reached(awaited: Awaited, bounds: Bounds) -> None:
    """Refuse a position that the log does not have. What was acknowledged it has: there is nothing to wait for.

    Raises RefusedError, and UnavailableError where the log has not got there.
    """
    for partition, offset in awaited.positions.items():
        if partition not in bounds:
            raise RefusedError(f"/{awaited.parameter}", f"the log has no partition {partition}")
        if offset >= bounds[partition][1]:
            raise UnavailableError(f"the log has not got to {format_position(partition, offset)}")


def range_of(bounds: Bounds, partition: int, from_: int | None, to: int | None) -> tuple[int, int]:
    """The range of a partition that is asked for; raises RefusedError."""
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
    async for batch in scan.read_typed(header.partition, header.start, header.end, _MAX_RECORDS):
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
