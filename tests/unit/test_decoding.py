import pytest
from tests.support.inputs.log_writing import START, recording

from event_schemas.records import HEADERS, encode_value
from timeline_service.errors import ExhaustedError
from timeline_service.judge import decoding
from timeline_service.judge.decoding import RawRecord, decode_record, write_headers

RECORD = recording("words")
KEY, VALUE = RECORD.event_id.encode(), encode_value(RECORD)
OWN = tuple(HEADERS)


def raw(key: bytes | None = KEY, value: bytes | None = VALUE, headers: decoding.Headers = OWN) -> RawRecord:
    return RawRecord(2, 7, 1_700_000_000_000, key, value, headers)


def test_a_record_of_ours_is_read() -> None:
    decoded = decode_record(raw(), START, lambda _: 2)
    assert decoded.rejection is None
    assert decoded.record is not None
    assert decoded.record.content == RECORD.content
    assert encode_value(decoded.record) == VALUE
    assert (decoded.event_id, decoded.position.text) == (RECORD.event_id, "2:7")


@pytest.mark.parametrize(
    ("record", "outcome", "words"),
    [
        (raw(value=None), "rejected", "tombstone"),
        (raw(value=b""), "rejected", "empty"),
        (raw(value=b"\xff\x00"), "rejected", "the value is"),
        (raw(value=b"[1]"), "rejected", "expected a JSON object"),
        (raw(key=None), "rejected", "the key is not"),
        (raw(key=b"x" * 36), "rejected", "the key is not"),
        (raw(key=b"\xff" * 36), "rejected", "the key is not"),
        (raw(headers=()), "rejected", "content-type"),
        (raw(headers=(("content-type", None),)), "rejected", "content-type"),
        (raw(value=VALUE.replace(b"recorded.v2", b"recorded.v9")), "parked", "does not know"),
        (raw(value=VALUE.replace(b"recorded.v2", b"invented.v1")), "rejected", "not one of ours"),
        (raw(value=VALUE.replace(b'"words"', b'"wo\\u0000rds"')), "rejected", "data is not valid"),
        (raw(value=VALUE.replace(b'"ban"', b'"\\ud800"')), "rejected", ""),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(record: RawRecord, outcome: str, words: str) -> None:
    decoded = decode_record(record, START, lambda _: 2)
    assert decoded.record is None
    assert decoded.rejection is not None
    assert decoded.rejection.outcome == outcome
    assert words in decoded.rejection.detail
    decoded.rejection.detail.encode()
    assert "\0" not in decoded.rejection.detail


def test_a_record_on_a_partition_that_is_not_its_keys_is_malformed() -> None:
    refusal = decode_record(raw(), START, lambda _: 1).rejection
    assert refusal is not None
    assert (refusal.outcome, refusal.problem) == ("rejected", "malformed")
    assert "murmur2" in refusal.detail


def test_an_exception_that_nobody_expected_parks_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug\0of ours")

    monkeypatch.setattr(decoding, "decode", fail)
    refusal = decode_record(raw(), START, lambda _: 2).rejection
    assert refusal is not None
    assert (refusal.outcome, refusal.problem, refusal.detail) == ("parked", "failed", "RuntimeError: a bug�of ours")


@pytest.mark.parametrize("error", [MemoryError(), RecursionError()])
def test_what_a_process_lacks_is_no_verdict(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(decoding, "decode", fail)
    with pytest.raises(ExhaustedError, match="the record at 2:7"):
        decode_record(raw(), START, lambda _: 2)


def test_headers_are_kept_as_they_came() -> None:
    assert write_headers((("a", b"\xff"), ("b", None), ("a", b""))) == b'[["a","/w=="],["b",null],["a",""]]'
