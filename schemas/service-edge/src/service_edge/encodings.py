"""Content codings: who takes gzip, and bodies and streams in it (RFC 9110, 8.4 and 12.5.3; RFC 1952)."""

import time
import zlib
from collections.abc import AsyncIterator
from typing import Final

from service_edge.accept_headers import parse_accept

#: Bytes from which a body is worth it: below, the head and one packet weigh more than what is saved.
WORTHWHILE: Final = 1024
#: Measured with pages of events: 5 takes 25 % longer for 4 % less, 1 takes two thirds of the time for 20 % more.
LEVEL: Final = 4
_GZIP: Final = 16 + zlib.MAX_WBITS  # zlib's own wrapper: no name, time 0, so the same body gives the same bytes
#: A flush costs some ten bytes and the statistics so far: 2 % every 16 KiB, 40 % every 200 bytes.
_FLUSH_BYTES: Final = 16 * 1024
_FLUSH_SECONDS: Final = 0.5


def accepts_gzip(header: str | None) -> bool:
    """Whether an `Accept-Encoding` takes gzip, and does not like it less than no coding at all."""
    if header is None:
        return False  # anything would do (RFC 9110, 12.5.3), but who says nothing may not decode anything
    qualities = parse_accept(header)
    rest = qualities.get("*", 0.0)
    gzip = qualities.get("gzip", qualities.get("x-gzip", rest))
    return gzip > 0 and gzip >= qualities.get("identity", rest)


def gzip_bytes(body: bytes) -> bytes:
    """A body in gzip; the same bytes for the same body, so that a strong validator may stand for them."""
    return zlib.compress(body, LEVEL, _GZIP)


async def gzip_stream(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A stream in gzip, in constant memory, each piece of it readable when it comes.

    What came is sent on at once when it is large, or when nothing was sent for half a second: a quick stream of small
    chunks is gathered, a slow one keeps moving.
    """
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    held, flushed = 0, float("-inf")
    async for chunk in chunks:
        packed = packer.compress(chunk)
        held += len(chunk)
        if held >= _FLUSH_BYTES or (held and time.monotonic() - flushed >= _FLUSH_SECONDS):
            packed += packer.flush(zlib.Z_SYNC_FLUSH)
            held, flushed = 0, time.monotonic()
        if packed:
            yield packed
    yield packer.flush()


def encoded_tag(tag: str, gzip: bool) -> str:
    """The entity tag of a representation in its coding: `"abc"` → `"abc-gzip"` (RFC 9110, 8.8.3.3)."""
    return f'{tag[:-1]}-gzip"' if gzip else tag
