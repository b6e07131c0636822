from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.inputs.log_writing import START, correcting, recording, retracting, telling_now
from tests.support.models.memory_rows import MemoryRows
from tests.support.models.plain_fold import count_pairs, fold_plainly
from tests.support.models.tables import Tables

from event_schemas.records import HEADERS, Record, encode_value
from timeline_service.errors import ExhaustedError
from timeline_service.judge.batch import Counts, EventState, fold_batch
from timeline_service.judge.decoding import MAX_BYTES, DecodedRecord, RawRecord, Rejection, decode_record
from timeline_service.judge.fold import RecordPosition, apply

IDS = [str(UUID(int=number)) for number in range(1, 5)]
ONE = IDS[0]


def records_in_order(records: list[Record], partition: int = 0) -> list[DecodedRecord]:
    """The records as they arrive on one partition."""
    return [
        decode_record(
            RawRecord(partition, offset, offset, record.event_id.encode(), encode_value(record), tuple(HEADERS)),
            START + timedelta(seconds=offset),
            lambda _: partition,
        )
        for offset, record in enumerate(records)
    ]


STORIES = {
    "applied": [recording(event_id=ONE)],
    "duplicate": [recording(event_id=ONE), recording(event_id=ONE)],
    "conflict": [recording("a", event_id=ONE), recording("b", event_id=ONE)],
    "unknown": [correcting(ONE), retracting(ONE), recording(event_id=ONE)],
    "moved": [recording(event_id=ONE), correcting(ONE, "b", "2021-02", ["US", "FR", "DE"])],
    "moved twice": [
        recording(event_id=ONE),
        correcting(ONE, "b", "2021", ["US", "FR"]),
        correcting(ONE, "a", "2020", ["IN", "CN"]),
    ],
    "retracted": [recording(event_id=ONE), retracting(ONE), retracting(ONE)],
    "reinstated": [recording("a", event_id=ONE), retracting(ONE), correcting(ONE, "a"), correcting(ONE, "a")],
    "stale": [recording(event_id=ONE), correcting(ONE, "b", expected_revision=3), retracting(ONE, expected_revision=1)],
    "same sort key": [recording(event_id=ONE), *(correcting(ONE, f"title {number}") for number in range(4))],
    "directed": [recording(countries=["IN", "CN", "US"], initiators=["US"], event_id=ONE), retracting(ONE)],
}


@pytest.mark.parametrize("story", STORIES)
def test_one_batch_and_many_give_the_same_rows(story: str) -> None:
    decoded_records = records_in_order(STORIES[story])
    together, apart = MemoryRows(), MemoryRows()
    together.fold(decoded_records)
    for decoded in decoded_records:
        apart.fold([decoded])
    assert together.tables() == apart.tables() == fold_plainly(decoded_records)


def test_a_moved_event_is_counted_where_it_is() -> None:
    tables = MemoryRows()
    tables.fold(records_in_order([*STORIES["moved"], retracting(ONE), correcting(ONE, "c", "2022", ["IN", "US"])]))
    assert {pair: events for (_, pair), (events, _) in tables.pair_counts.items()} == {
        "CHN-IND": 0, "FRA-USA": 0, "DEU-USA": 0, "DEU-FRA": 0, "IND-USA": 1,
    }  # fmt: skip


def test_a_parked_record_holds_up_its_event_and_no_other() -> None:
    records = [recording(event_id=ONE), correcting(ONE, "b"), recording(event_id=IDS[1]), retracting(ONE)]
    decoded_records = records_in_order(records)
    rejection = Rejection("parked", "unknown-version", "of tomorrow")
    decoded_records[1] = DecodedRecord(decoded_records[1].raw, decoded_records[1].position, ONE, rejection=rejection)
    tables = MemoryRows()
    tables.fold(decoded_records)
    tables.fold([DecodedRecord(decoded_records[3].raw, RecordPosition(0, 4, START), ONE, decoded_records[3].record)])
    assert [(row["offset"], row["outcome"], row["problem"]) for row in tables.outcomes] == [
        (1, "parked", "unknown-version"),
        (3, "parked", "behind-parked"),
        (4, "parked", "behind-parked"),
    ]
    kept = tables.outcomes[0]
    assert (kept["key"], kept["value"]) == (ONE.encode(), decoded_records[1].raw.value)
    assert [(row["event_id"], row["from_offset"]) for row in tables.revisions] == [(ONE, 0), (IDS[1], 2)]


def test_a_malformed_record_holds_up_nothing() -> None:
    decoded_records = records_in_order([recording(event_id=ONE), recording(event_id=ONE), correcting(ONE, "b")])
    decoded_records[1] = DecodedRecord(
        decoded_records[1].raw, decoded_records[1].position, ONE, rejection=Rejection("rejected", "malformed", "no")
    )
    tables = MemoryRows()
    tables.fold(decoded_records)
    assert [row["revision"] for row in tables.revisions] == [1, 2]
    assert tables.counts[0] == Counts(applied=2, rejected=1)


_VAST = bytes(MAX_BYTES + 1)
_RAW = RawRecord(0, 0, 0, ONE.encode(), encode_value(recording("vast", event_id=ONE)), HEADERS)


@pytest.mark.parametrize(
    "raw",
    [_RAW._replace(key=_VAST), _RAW._replace(value=_VAST), _RAW._replace(headers=(*HEADERS, ("x", _VAST)))],
    ids=["key", "value", "headers"],
)
def test_what_is_vast_is_malformed_and_not_kept(raw: RawRecord) -> None:
    changes = fold_batch([decode_record(raw, START, lambda _: 0)], {ONE: EventState()})
    (row,) = changes.outcomes
    assert (row.outcome, row.problem, row.key, row.value, row.headers) == ("rejected", "malformed", None, None, None)
    assert f"at most {MAX_BYTES} are read or kept" in str(row.detail)


def test_a_bug_of_ours_parks_the_record_that_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def apply_with_a_bug(history: Any, record: Record, position: RecordPosition) -> Any:
        if position.offset == 1:
            raise ZeroDivisionError("a bug")
        return apply(history, record, position)

    monkeypatch.setattr("timeline_service.judge.batch.apply", apply_with_a_bug)
    tables = MemoryRows()
    tables.fold(records_in_order([recording(event_id=ONE), correcting(ONE, "b"), recording(event_id=IDS[1])]))
    assert [(row["outcome"], row["problem"], row["detail"]) for row in tables.outcomes] == [
        ("parked", "failed", "ZeroDivisionError: a bug")
    ]
    assert tables.counts[0] == Counts(applied=2, parked=1)


def test_a_lack_of_memory_parks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def apply_in_vain(*_: object) -> Any:
        raise MemoryError

    monkeypatch.setattr("timeline_service.judge.batch.apply", apply_in_vain)
    known = {ONE: EventState()}
    with pytest.raises(ExhaustedError, match="the record at 0:0"):
        fold_batch(records_in_order([recording(event_id=ONE)]), known)
    assert not known[ONE].parked


PLACES = st.sampled_from([["IN", "CN"], ["IN", "US"], ["IN", "CN", "US"], ["FR", "DE"]])
WHENS = st.sampled_from(["2020", "2020-05", "2020-05-06", "2020/..", "../2019"])
TITLES = st.sampled_from(["a", "b", "c"])
EXPECTED = st.sampled_from([None, None, 1, 2])
RECORD_IDS = st.sampled_from(["x", "y", "z", "w"])
RECORDS = st.one_of(
    st.builds(recording, TITLES, WHENS, PLACES, event_id=st.sampled_from(IDS)),
    st.builds(
        correcting, st.sampled_from(IDS), TITLES, WHENS, PLACES, expected_revision=EXPECTED, record_id=RECORD_IDS
    ),
    st.builds(telling_now, st.sampled_from(IDS), TITLES, WHENS, PLACES),
    st.builds(retracting, st.sampled_from(IDS), expected_revision=EXPECTED, record_id=RECORD_IDS),
)

OF_LOADS = st.builds(lambda record, batch: record._replace(batch=batch), RECORDS, st.sampled_from([None, "one", "two"]))


@given(
    st.lists(OF_LOADS, max_size=25), st.lists(st.integers(1, 6), min_size=25, max_size=25), st.sets(st.integers(0, 24))
)
def test_any_log_in_any_batches_gives_the_rows_of_the_plain_fold(
    records: list[Record], sizes: list[int], later_versions: set[int]
) -> None:
    decoded_records = [
        DecodedRecord(item.raw, item.position, item.event_id, rejection=Rejection("parked", "unknown-version", ""))
        if offset in later_versions and offset % 5 == 0
        else item
        for offset, item in enumerate(records_in_order(records))
    ]
    tables, rest = MemoryRows(), decoded_records
    for size in sizes:
        part, rest = rest[:size], rest[size:]
        if part:
            tables.fold(part)
    found = tables.tables()
    assert found == fold_plainly(decoded_records)
    assert found.pair_counts == sorted(count_pairs(found.entries), key=repr)
    for vector in range(len(records) + 1):  # what a reader sees at a vector is the fold of the log up to it
        assert visible(found, vector) == visible(fold_plainly(decoded_records[:vector]), vector)


def visible(tables: Tables, vector: int) -> list[tuple[Any, ...]]:
    """The entries that stand at a vector, by the rule that the API's queries follow."""
    return sorted(
        row._replace(until_offset=None)
        for row in tables.entries
        if row.from_offset < vector and (row.until_offset is None or row.until_offset >= vector)
    )
