import pytest
from tests.bench.event_supply import events
from tests.fuzzing.mutated_records import compare
from tests.unit.test_records import MOMENT

from event_schemas.events import read_posted
from event_schemas.record_builders import recorded
from event_schemas.records import HEADERS, decode, encode_value


def test_records_with_something_odd_in_them_are_read_alike_in_both_ways() -> None:
    assert 1_000 < compare(3_000, seed=7) < 2_500


def test_what_ingest_writes_is_read_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("event_schemas.records.read_json", lambda _: pytest.fail("read step by step"))
    for event in events(500):
        (fields, content), _ = read_posted(event)
        record = recorded(
            fields, "3af19a32-f3ce-5774-9c94-7669a4000f3d", content, "", principal="a", accepted_at=MOMENT
        )
        for each in (record, record._replace(batch="b"), record._replace(on_existing="correct", reason="So it is")):
            assert decode(record.event_id.encode(), encode_value(each), HEADERS).content == content
