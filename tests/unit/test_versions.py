"""Versions: what the log holds of older ones goes on being read, and what newer code wrote waits for it."""

from typing import Any

import orjson
import pytest
from tests.support.inputs.log_writing import START, correcting, recording, retracting

from event_schemas.errors import MalformedRecordError, UnknownVersionError
from event_schemas.records import HEADERS, Record, decode, encode_value
from event_schemas.versions import CURRENT, UPCASTERS, read_type
from timeline_service.judge.decoding import RawRecord, decode_record

RECORD = recording("words")


def written_as(version: int, **event: Any) -> bytes:
    """The record as a version would have written it that called the title `headline`."""
    envelope = orjson.loads(encode_value(RECORD))
    envelope["type"] = f"dyadline.event.recorded.v{version}"
    said = envelope["data"]["event"]
    said["headline"] = said.pop("title")
    return orjson.dumps({**envelope, "data": {"event": {**said, **event}}})


def read(value: bytes) -> Record:
    return decode(RECORD.event_id.encode(), value, HEADERS)


def with_title(data: dict[str, Any]) -> dict[str, Any]:
    event = {("title" if name == "headline" else name): value for name, value in data["event"].items()}
    return {**data, "event": event}


def as_first_written(record: Record, **attributes: Any) -> bytes:
    """The record as version 1 wrote it, whose data of a recorded event was that and nothing else."""
    envelope = orjson.loads(encode_value(record))
    envelope["type"] = envelope["type"].replace(".v2", ".v1")
    if record.action == "recorded":
        envelope["data"] = envelope["data"]["event"]
    return orjson.dumps({**envelope, **attributes})


@pytest.mark.parametrize("record", [RECORD, correcting(RECORD.event_id, "b"), retracting(RECORD.event_id)])
def test_the_first_version_is_read_as_the_second_without_a_batch(record: Record) -> None:
    assert read(as_first_written(record)) == record
    assert read(as_first_written(record, batch="it meant nothing then")) == record
    assert f"{record.action}.v2".encode() in encode_value(record)


def test_an_event_of_the_first_version_is_not_taken_for_what_stands_around_it() -> None:
    with pytest.raises(MalformedRecordError, match="/event/event: is not a field"):
        read(as_first_written(RECORD, data={"event": {"title": "words"}}))


def test_an_older_version_is_read_as_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CURRENT, "recorded", 3)
    with pytest.raises(UnknownVersionError, match=r"recorded\.v2"):
        read(written_as(2))
    monkeypatch.setitem(UPCASTERS, "dyadline.event.recorded.v2", with_title)
    assert read(written_as(2)) == read(encode_value(RECORD))


def test_steps_follow_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CURRENT, "recorded", 4)
    monkeypatch.setitem(UPCASTERS, "dyadline.event.recorded.v2", with_title)
    with pytest.raises(UnknownVersionError, match=r"recorded\.v2"):
        read(written_as(2))
    monkeypatch.setitem(
        UPCASTERS, "dyadline.event.recorded.v3", lambda data: {"event": {**data["event"], "tags": ["old"]}}
    )
    record = read(written_as(2))
    assert record.event is not None
    assert (record.event_json["title"], record.event_json["tags"]) == ("words", ["old"])
    assert b"recorded.v4" in encode_value(record)


def test_a_version_of_tomorrow_stays_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UPCASTERS, "dyadline.event.recorded.v3", with_title)
    with pytest.raises(UnknownVersionError, match=r"recorded\.v3"):
        read(written_as(3))


def test_old_data_is_held_to_the_current_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CURRENT, "recorded", 3)
    monkeypatch.setitem(UPCASTERS, "dyadline.event.recorded.v2", with_title)
    with pytest.raises(MalformedRecordError, match="/event/when"):
        read(written_as(2, when="yesterday"))
    envelope = {**orjson.loads(written_as(2)), "data": ["words"]}
    with pytest.raises(MalformedRecordError, match="expected an object"):
        read(orjson.dumps(envelope))


def test_a_step_that_fails_parks_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(data: dict[str, Any]) -> dict[str, Any]:
        return {"title": data["a field that is not there"]}

    monkeypatch.setitem(CURRENT, "recorded", 3)
    monkeypatch.setitem(UPCASTERS, "dyadline.event.recorded.v2", fail)
    raw = RawRecord(0, 0, 0, RECORD.event_id.encode(), written_as(2), HEADERS)
    refusal = decode_record(raw, START, lambda _: 0).rejection
    assert refusal is not None
    assert (refusal.outcome, refusal.problem) == ("parked", "failed")


@pytest.mark.parametrize(
    "name",
    ["dyadline.event.recorded", "dyadline.event.recorded.v0", "dyadline.event.recorded.v-1", "dyadline.event.moved.v1"],
)
def test_a_type_that_is_not_ours_has_no_version(name: str) -> None:
    with pytest.raises(MalformedRecordError, match="not one of ours"):
        read_type(name)
