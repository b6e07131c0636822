"""Content codings: what a client takes, and that what it gets is what was meant."""

import gzip
import random
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_edge.accept_headers import parse_accept
from service_edge.encodings import WORTHWHILE, accepts_gzip, encoded_tag, gzip_bytes, gzip_stream


@pytest.mark.parametrize(
    "header",
    [
        "gzip", "GZip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8", "*", "*;q=0.1", "x-gzip", "gzip;q=0.001",
        "identity;q=0, *", "identity;q=0.5, gzip", "gzip ; Q=0.5", " gzip\t;\tq=1.000 ,", "gzip, identity",
        "*;q=0, gzip", "gzip;q=0.4, identity;q=0.4",
    ],
)  # fmt: skip
def test_gzip_is_taken(header: str) -> None:
    assert accepts_gzip(header)


@pytest.mark.parametrize(
    "header",
    [
        None, "", ",", "identity", "br", "gzip;q=0", "gzip;q=0.000", "gzip;q=0, *", "*;q=0", "identity;q=0", "gzipped",
        "identity, gzip;q=0.5", "gzip;q=2", "gzip;q=-1", "gzip;q=", "gzip;q=nan", "gzip;q=0.1234", "br;gzip",
        "identity, *;q=0.5", "gzip;q=0.3, *;q=0.5",
    ],
)  # fmt: skip
def test_gzip_is_not_taken(header: str | None) -> None:
    assert not accepts_gzip(header)


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    assert all(0 <= quality <= 1 for quality in parse_accept(header).values())
    accepts_gzip(header)


@given(st.dictionaries(st.sampled_from(["gzip", "identity", "br", "*"]), st.integers(0, 1000)), st.randoms())
def test_weights_decide_whatever_the_order(weights: dict[str, int], order: random.Random) -> None:
    members = [f"{name};q={weight / 1000:.3f}" for name, weight in weights.items()]
    order.shuffle(members)
    of_gzip = weights.get("gzip", weights.get("*", 0))
    assert accepts_gzip(",".join(members)) == (of_gzip > 0 and of_gzip >= weights.get("identity", weights.get("*", 0)))


@given(st.binary())
def test_a_body_comes_back_and_is_the_same_bytes_each_time(body: bytes) -> None:
    packed = gzip_bytes(body)
    assert gzip.decompress(packed) == body
    assert packed == gzip_bytes(body)
    assert packed[4:8] == bytes(4)  # no time


def test_from_the_worthwhile_size_on_text_gets_smaller() -> None:
    body = (b'{"title":"India and China agree on patrols","when":"2024-10-21","countries":["CHN","IND"]},' * 20)[
        :WORTHWHILE
    ]
    assert len(gzip_bytes(body)) < WORTHWHILE // 2


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@given(st.lists(st.binary(max_size=40_000), max_size=8))
async def test_a_stream_comes_back(chunks: list[bytes]) -> None:
    packed = [piece async for piece in gzip_stream(chunked(*chunks))]
    assert gzip.decompress(b"".join(packed)) == b"".join(chunks)


async def test_every_piece_of_a_stream_can_be_read_when_it_comes() -> None:
    rows = [random.Random(n).randbytes(16_384).hex().encode() for n in range(5)]
    unpacker = zlib.decompressobj(31)
    pieces = gzip_stream(chunked(*rows))
    for row in rows:
        assert unpacker.decompress(await anext(pieces)) == row
    assert unpacker.decompress(await anext(pieces)) == b""
    assert unpacker.eof


async def test_the_first_row_is_not_held_back_and_a_burst_is_gathered() -> None:
    pieces = gzip_stream(chunked(b"head\n", *[b"row\n"] * 1000))
    assert zlib.decompressobj(31).decompress(await anext(pieces)) == b"head\n"
    assert len([piece async for piece in pieces]) < 10


async def test_a_slow_stream_keeps_moving(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("service_edge.encodings.time.monotonic", lambda: now)
    unpacker = zlib.decompressobj(31)
    rows = [b"row %d\n" % n for n in range(5)]
    pieces = gzip_stream(chunked(*rows))
    for row in rows:
        assert unpacker.decompress(await anext(pieces)) == row
        now += 1


async def test_memory_stays_constant() -> None:
    sizes = [len(piece) async for piece in gzip_stream(chunked(*[b"x" * 60_000] * 200))]
    assert max(sizes) < 1000


@pytest.mark.parametrize(("tag", "packed"), [('"abc"', '"abc-gzip"'), ('W/"abc"', 'W/"abc-gzip"'), ('""', '"-gzip"')])
def test_a_tag_differs_by_coding(tag: str, packed: str) -> None:
    assert encoded_tag(tag, gzip=True) == packed
    assert encoded_tag(tag, gzip=False) == tag
