import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timeline_service.domain.exports import (
    RECORD_START,
    TIMESTAMP_TYPES,
    End,
    ExportHeader,
    Gap,
    read_end,
    read_gap,
    read_header,
    read_place,
    read_record,
    write_end,
    write_gap,
    write_header,
    write_record,
)
from timeline_service.errors import ExportError
from timeline_service.judge.decoding import RawRecord

HEADER = ExportHeader("dyadline.events.v1", 12, 3, 17, 19)
RAW = RawRecord(
    3, 17, 1_770_971_400_125, b"key", b"\xff\x00", (("a", b"\xff"), ("b", None), ("a", b""), ("\\xff", b"x"))
)
WRITTEN_HEADER = b'{"topic":"dyadline.events.v1","partitions":12,"partition":3,"from":17,"to":19}\n'
WRITTEN = (
    b'{"position":"3:17","timestamp":1770971400125,"timestamp_type":"LogAppendTime","key":"a2V5","value":"/wA=",'
    b'"headers":[["a","/w=="],["b",null],["a",""],["\\\\xff","eA=="]],"sha256":{'
    b'"key":"2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683",'
    b'"value":"ea5dbf9596d187e9500f23e9a680109475341cf4e81f7e043f7d97152c10772f",'
    b'"headers":"7d5d42cedffe0d122fe8ec3853d31a2d0c3b3c0ee7a50b712c04d75512368236"}}\n'
)
WRITTEN_GAP = b'{"gap":{"partition":3,"from":18,"to":19}}\n'
WRITTEN_END = b'{"end":{"partition":3,"records":1,"next_offset":19}}\n'
BYTES = st.none() | st.binary(max_size=40)
RECORDS = st.builds(
    RawRecord,
    st.integers(0, 999),
    st.integers(0, 2**53),
    st.integers(-1, 2**53),
    BYTES,
    BYTES,
    st.lists(st.tuples(st.text(max_size=5), BYTES), max_size=4).map(tuple),
)


def test_an_export_is_written_to_the_letter_of_the_contract() -> None:
    assert write_header(HEADER) == WRITTEN_HEADER
    assert write_record(RAW, "LogAppendTime") == WRITTEN
    assert write_gap(Gap(3, 18, 19)) == WRITTEN_GAP
    assert write_end(End(3, 1, 19)) == WRITTEN_END
    assert (read_gap(WRITTEN_GAP, 1), read_end(WRITTEN_END, 1)) == (Gap(3, 18, 19), End(3, 1, 19))
    assert WRITTEN.startswith(RECORD_START)
    assert not WRITTEN_HEADER.startswith(RECORD_START)


def test_what_is_null_has_no_hash_and_what_is_empty_has_one() -> None:
    line = json.loads(write_record(RawRecord(0, 0, 0, None, b"", ()), "CreateTime"))
    assert (line["key"], line["value"], line["headers"], line["timestamp_type"]) == (None, "", [], "CreateTime")
    hashes = {"key": None, "value": sha256(b"").hexdigest(), "headers": sha256(b"[]").hexdigest()}
    assert line["sha256"] == hashes


@given(RECORDS, st.sampled_from(TIMESTAMP_TYPES))
def test_every_record_is_read_as_it_was_written_and_anybody_can_check_it(raw: RawRecord, timestamp_type: str) -> None:
    line = write_record(raw, timestamp_type)
    assert read_record(line, 1) == raw
    assert read_place(line, 1) == (raw.partition, raw.offset)
    assert line.count(b"\n") == 1
    assert write_record(read_record(line, 1), timestamp_type) == line
    read = json.loads(line)  # with nothing but the standard library
    exported = json.dumps(read["headers"], ensure_ascii=False, separators=(",", ":")).encode()
    assert read["sha256"]["headers"] == sha256(exported).hexdigest()
    assert read["key"] == (None if raw.key is None else b64encode(raw.key).decode())


@given(st.integers(1, 99).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))), st.integers(0, 2**53))
def test_every_header_is_read_as_it_was_written(place: tuple[int, int], start: int) -> None:
    header = ExportHeader("a topic", *place, start, start + 1)
    assert read_header(write_header(header), 1) == header


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", "is not JSON"),
        (b"\x1f\x8b\x08", "is not JSON"),
        (b"[]", "is not an export's header"),
        (WRITTEN, "is not an export's header"),
        (WRITTEN_HEADER.replace(b'"partition":3,', b""), "is not an export's header"),
        (WRITTEN_HEADER.replace(b"}", b',"more":1}'), "is not an export's header"),
        (WRITTEN_HEADER.replace(b'"dyadline.events.v1"', b'""'), "topic is not"),
        (WRITTEN_HEADER.replace(b'"dyadline.events.v1"', b"null"), "topic is not"),
        (WRITTEN_HEADER.replace(b":12", b":12.0"), "partitions is not a whole number"),
        (WRITTEN_HEADER.replace(b":17", b":true"), "from is not a whole number"),
        (WRITTEN_HEADER.replace(b":17", b":-1"), "from is not a whole number"),
        (WRITTEN_HEADER.replace(b":12", b":3"), "there is no partition 3 of 3"),
        (WRITTEN_HEADER.replace(b":17", b":20"), "ends before it begins"),
    ],
)
def test_what_is_no_header_is_refused(line: bytes, words: str) -> None:
    with pytest.raises(ExportError, match=f"^line 7: .*{words}") as error:
        read_header(line, 7)
    assert error.value.line == 7


def changed(**fields: Any) -> Callable[[], bytes]:
    return lambda: orjson.dumps({**orjson.loads(WRITTEN), **fields})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (lambda: WRITTEN[:100], "is not JSON"),
        (lambda: WRITTEN_HEADER, "is not an exported record"),
        (lambda: WRITTEN.replace(b'"value"', b'"worth"', 1), "is not an exported record"),
        (changed(position="3:017"), "position: .* is not a position"),
        (changed(position=17), "position: .* is not a position"),
        (changed(timestamp="now"), "timestamp is not a whole number"),
        (changed(timestamp_type="Yesterday"), "timestamp_type is not one of CreateTime, LogAppendTime"),
        (changed(key="a2V5="), "key is not base64 in its one form"),
        (changed(key="YR=="), "key is not base64 in its one form"),
        (changed(key="YQ="), "key is not base64: "),
        (changed(key=[1]), "key is neither base64 nor null"),
        (changed(value="a-_="), "value is not base64"),
        (changed(headers=None), "headers are not a list"),
        (changed(headers=[["a"]]), "headers are not a list"),
        (changed(headers=[[None, ""]]), "headers are not a list"),
        (changed(headers=[["a", "?"]]), "a header's value is not base64"),
        (changed(sha256=None), "sha256 is not an object"),
        (changed(sha256={"key": "0"}), "sha256 is not an object"),
        (changed(key="a2V6"), "sha256.key is not the hash"),
        (changed(key=None), "sha256.key is not the hash"),
        (changed(value=None), "sha256.value is not the hash"),
        (changed(value="/wE="), "sha256.value is not the hash"),
        (changed(headers=[]), "sha256.headers is not the hash"),
        (changed(headers=[["b", "/w=="]]), "sha256.headers is not the hash"),
    ],
)
def test_what_is_no_record_or_was_changed_is_refused(line: Callable[[], bytes], words: str) -> None:
    with pytest.raises(ExportError, match=f"^line 7: .*{words}"):
        read_record(line(), 7)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (WRITTEN_GAP[:-3], "is not JSON"),
        (WRITTEN_END, "is not the gap of an export"),
        (WRITTEN_GAP.replace(b'"gap"', b'"hole"'), "is not the gap of an export"),
        (
            WRITTEN_GAP.replace(b'"from":18,', b""),
            "gap is not an object of whole numbers from 0 on: partition, from, to",
        ),
        (WRITTEN_GAP.replace(b"18", b"-1"), "gap is not an object of whole numbers"),
        (b'{"gap":[3,18,19]}', "gap is not an object of whole numbers"),
    ],
)
def test_what_is_no_gap_is_refused(line: bytes, words: str) -> None:
    with pytest.raises(ExportError, match=f"^line 7: .*{words}"):
        read_gap(line, 7)


@pytest.mark.parametrize("line", [b'{"position": "3:17",', b'{"position":"3:x",', b'{"position":"3:17"}', WRITTEN_END])
def test_what_says_no_position_first_has_no_place(line: bytes) -> None:
    with pytest.raises(ExportError, match=r"^line 7: is not an exported record"):
        read_place(line, 7)
