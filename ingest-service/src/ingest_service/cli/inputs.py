"""What people keep events in (NDJSON, one JSON event, a JSON array of any length) as NDJSON, byte for byte."""

import json
import re
import time
from collections.abc import Iterable, Iterator
from io import BufferedIOBase
from itertools import chain
from typing import Final

from ingest_service.importing.drafts import Watch

_CHUNK_BYTES: Final = 256 * 1024
_HEAD_BYTES: Final = 1024 * 1024
_LONGEST: Final = 1024 * 1024
#: How long a line waits for others; a service gives up on who sends nothing for longer.
_WAITED_SECONDS: Final = 0.5
_OUTSIDE: Final = re.compile(rb'["\[\]{},\r\n]')
_INSIDE: Final = re.compile(rb'["\\\r\n]')
#: Stands for a line end within a string, where JSON allows neither: what is wrong stays wrong.
_CONTROL: Final = b"\x01"


def read_input(stream: BufferedIOBase) -> tuple[str, Iterator[bytes]]:
    """What the input's parts are called (`line` or `item`), and the input as NDJSON, as soon as it comes."""
    head = stream.readline(_HEAD_BYTES)
    while head.isspace() and len(head) < _HEAD_BYTES and (line := stream.readline(_HEAD_BYTES)):
        head += line
    rest = iter(lambda: stream.read1(_CHUNK_BYTES), b"")
    if head.lstrip().startswith(b"["):
        return "item", (item + b"\n" for item in array_items(chain([head], rest)))
    if head.lstrip().startswith(b"{") and not _is_one_object(head):  # it may go on over several lines
        head += stream.read(_HEAD_BYTES)
        if _is_one_object(head):
            return "line", iter([re.sub(rb"[\r\n]+", b" ", head.strip()) + b"\n"])
    return "line", chain([head], rest)


def array_items(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The items of a JSON array, each on one line.

    They are cut out, not read: what is wrong with one is for the service to say. What is wrong with the array
    becomes an item that the service refuses.
    """
    depth, inside, escaped, count = 0, False, False, 0
    item = bytearray()
    for chunk in chunks:
        place = 0
        if escaped and chunk:
            item += chunk[:1]
            place, escaped = 1, False
        while (found := (_INSIDE if inside else _OUTSIDE).search(chunk, place)) is not None:
            mark = found[0]
            item += chunk[place : found.start()]
            place = found.end()
            if mark in b"\r\n":
                item += _CONTROL if inside else b" "
            elif inside:
                item += mark
                if mark == b"\\":
                    item += chunk[place : place + 1]
                    escaped, place = place == len(chunk), place + 1
                inside = mark != b'"'
            elif depth == 1 and mark in b",]":
                if item.strip() or mark == b"," or count:
                    count += 1
                    yield bytes(item).strip() or b","
                item.clear()
                depth -= mark == b"]"
            elif depth == 0 and mark == b"[" and not item.strip() and not count:
                depth = 1
                item.clear()
            else:
                item += mark
                inside = mark == b'"'
                depth += (mark in b"[{") - (mark in b"]}")
        item += chunk[place:]
    if left := bytes(item).strip():
        yield left if depth else b"] " + left
    if depth:
        yield b"["


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of NDJSON, each with its end but for the last. Of one of over a MiB comes as much: it is refused."""
    held, overlong = bytearray(), False
    for chunk in chunks:
        first, *more = chunk.split(b"\n")
        if not overlong:
            held += first
        if more:
            yield bytes(held[:_LONGEST]) + b"\n"
            yield from (line + b"\n" for line in more[:-1])
            held = bytearray(more[-1])
        overlong = len(held) > _LONGEST
    if held:
        yield bytes(held[:_LONGEST])


def gathered(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks: a line is little to send by itself, unless it has waited."""
    held, sent = bytearray(), time.monotonic()
    for line in lines:
        held += line
        if len(held) >= _CHUNK_BYTES or time.monotonic() - sent > _WAITED_SECONDS:
            yield bytes(held)
            held.clear()
            sent = time.monotonic()
    if held:
        yield bytes(held)


def watched(chunks: Iterable[bytes], watch: Watch) -> Iterator[bytes]:
    """The same chunks, while somebody looks on."""
    for chunk in chunks:
        yield chunk
        watch.advance(len(chunk))


def _is_one_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
