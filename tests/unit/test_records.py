import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_schemas.errors import MalformedRecordError, UnknownVersionError
from event_schemas.events import digest_of, id_from_digest, read_content
from event_schemas.json_text import MAX_LEVELS
from event_schemas.record_builders import recorded
from event_schemas.records import HEADERS, Action, Record, decode, encode_value

MOMENT = datetime(2026, 2, 13, 8, 30, 0, 123456, UTC)


BAN = {
    "title": "t",
    "when": "2020",
    "countries": ["IN", "CN"],
    "type": "ban",
    "valence": "conflictual",
    "attributes": {"a": 1.0},
}


def a_record(action: Action = "recorded", **fields: Any) -> Record:
    event, content = read_content(BAN)
    digest = digest_of(content)
    record = recorded(event, id_from_digest(digest), content, digest, principal="anonymous", accepted_at=MOMENT)
    return record._replace(action=action, **fields)


def read(record: Record, value: bytes | None = None) -> Record:
    return decode(record.event_id.encode(), encode_value(record) if value is None else value, HEADERS)


@pytest.mark.parametrize(
    "record",
    [
        a_record(),
        a_record(origin=("https://example.org", "7")),
        a_record(batch="gdelt-2026-02-13:export.CSV_1"),
        a_record(on_existing="correct", reason="The feed has it so now", batch="b" * 128),
        a_record("corrected", reason="typo", expected_revision=2),
        a_record("corrected", reason="typo", batch="7"),
        a_record("retracted", reason="false", event=None, content=None, digest=None),
        a_record("retracted", reason="false", event=None, content=None, digest=None, batch="undo"),
        a_record("retracted", reason="twice", event=None, content=None, digest=None, duplicate_of=a_record().event_id),
    ],
    ids=lambda record: record.action,
)
def test_a_record_survives_the_log(record: Record) -> None:
    assert read(record) == record


def test_the_value_is_a_cloud_event() -> None:
    envelope = orjson.loads(encode_value(a_record()))
    assert envelope["specversion"] == "1.0"
    assert envelope["type"] == "dyadline.event.recorded.v2"
    assert envelope["source"] == "urn:dyadline:anonymous"
    assert envelope["subject"] == a_record().event_id
    assert envelope["time"] == "2026-02-13T08:30:00.123456Z"
    assert envelope["data"] == {"event": orjson.loads(read_content(BAN).text)}


def changed(**fields: Any) -> bytes:
    envelope = orjson.loads(encode_value(a_record()))
    return orjson.dumps({name: value for name, value in {**envelope, **fields}.items() if value is not None})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"", "the value is empty"),
        (b"\x00\xff", "not UTF-8"),
        (b"[]", "expected a JSON object"),
        (changed(id=None), "id is missing"),
        (changed(specversion="0.3"), "specversion"),
        (changed(type="com.example.thing.v1"), "not one of ours"),
        (changed(type="dyadline.event.recorded"), "not one of ours"),
        (changed(type="dyadline.event.recorded.v01"), "not one of ours"),
        (changed(type="dyadline.event.recorded.v3", source="https://example.org"), "source is not"),
        (changed(subject="1b4e28ba-2fa1-11d2-883f-0016d3cca427"), "the key is not"),
        (changed(time="yesterday"), "RFC 3339"),
        (changed(time="2026-01-01T00:00:00"), "no offset"),
        (changed(time="2026-W07-5T00:00:00Z"), "RFC 3339"),
        (changed(time="20260213T083000Z"), "RFC 3339"),
        (changed(time="2026-02-13 08:30:00Z"), "RFC 3339"),
        (changed(time="0001-01-01T00:00:00+05:00"), "years 1 to 9998"),
        (changed(time="0001-01-01T00:00:00Z"), "years 1 to 9998"),
        (changed(time="9999-01-01T00:00:00Z"), "years 1 to 9998"),
        (changed(time="9999-12-31T23:59:59.999999Z"), "years 1 to 9998"),
        (changed(time="9999-12-31T23:59:59-00:01"), "years 1 to 9998"),
        (changed(source="https://example.org"), "source is not"),
        (changed(source="urn:dyadline:"), "source is not"),
        (changed(source="urn:dyadline:" + "n" * 1024), "source is not one line of at most 1024"),
        (changed(source="urn:dyadline:a\0b"), "source is not one line"),
        (changed(id="i" * 1025), "id is not one line of at most 1024"),
        (changed(id="a\nb"), "id is not one line"),
        (changed(id=7), "id is missing"),
        (changed(originsource="https://example.org"), "originid is missing"),
        (changed(originsource="https://example.org", originid=7), "originid is missing"),
        (changed(originsource="https://example.org", originid="\x85"), "originid is not one line"),
        (changed(originsource="s" * 1025, originid="7"), "originsource is not one line"),
        (changed(batch=""), "batch is not a name"),
        (changed(batch="a b"), "batch is not a name"),
        (changed(batch="é"), "batch is not a name"),
        (changed(batch="line\n"), "batch is not a name"),
        (changed(batch="b" * 129), "batch is not a name"),
        (changed(batch=["b"]), "batch is not a name"),
        (changed(data=BAN), "/event: is required"),
        (changed(data={"event": {"title": "t"}}), "/event/when: is required"),
        (changed(data={"event": [BAN]}), "/event: expected an object"),
        (changed(data={"event": BAN, "on_existing": "correct"}), "/reason: is required with on_existing"),
        (changed(data={"event": BAN, "reason": "r"}), "/on_existing: is required with a reason"),
        (changed(data={"event": BAN, "on_existing": "correct", "reason": " "}), "/reason: has 0 characters"),
        (changed(data={"event": BAN, "on_existing": "keep", "reason": "r"}), "/on_existing: "),
        (changed(data={"event": BAN, "expected_revision": 1}), "/expected_revision: is not a field"),
        (changed(data=None), "data is not valid"),
    ],
)
def test_what_is_not_ours_is_malformed(value: bytes, said: str) -> None:
    with pytest.raises(MalformedRecordError, match=said):
        read(a_record(), value)


def test_a_tombstone_and_a_foreign_content_type_are_malformed() -> None:
    record = a_record()
    with pytest.raises(MalformedRecordError, match="tombstone"):
        decode(record.event_id.encode(), None, HEADERS)
    with pytest.raises(MalformedRecordError, match="content-type"):
        decode(record.event_id.encode(), encode_value(record), [])


FIELDS = sorted(orjson.loads(encode_value(a_record(origin=("https://example.org", "7"), batch="b"))))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["1.0", "urn:dyadline:\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING, min_size=1, max_size=3))
def test_whatever_stands_in_a_field_is_read_or_refused_and_fits_a_table(fields: dict[str, Any]) -> None:
    envelope = {**orjson.loads(encode_value(a_record(origin=("https://example.org", "7")))), **fields}
    try:
        record = read(a_record(), json.dumps(envelope).encode())
    except (MalformedRecordError, UnknownVersionError):
        return
    texts = [record.record_id, record.principal, *(record.origin or ()), record.batch or "none"]
    assert all(0 < len(text) <= 1024 and "\0" not in text for text in texts)
    assert encode_value(read(record)) == encode_value(record)


ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=ZONES))
def test_any_time_is_read_or_refused(moment: datetime) -> None:
    try:
        record = read(a_record(), changed(time=moment.isoformat()))
    except MalformedRecordError:
        return
    assert record.accepted_at == moment


def test_a_newer_version_is_for_newer_code() -> None:
    with pytest.raises(UnknownVersionError, match=r"recorded\.v3"):
        read(a_record(), changed(type="dyadline.event.recorded.v3"))


def test_a_record_is_read_to_a_depth_that_does_not_depend_on_its_reader() -> None:
    def with_extension(levels: int) -> bytes:
        return encode_value(a_record())[:-1] + b',"extension": ' + b"[" * levels + b"]" * levels + b"}"

    def far_down(levels: int, frames: int) -> Record:
        return far_down(levels, frames - 1) if frames else read(a_record(), with_extension(levels))

    for frames in (0, 600):
        assert far_down(MAX_LEVELS - 1, frames) == a_record()
        for levels in (MAX_LEVELS, 300, 968, 5_000):
            with pytest.raises(MalformedRecordError, match="nested too deeply"):
                far_down(levels, frames)
