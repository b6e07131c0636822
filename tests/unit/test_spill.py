from random import Random

import pytest

from timeline_service.domain.arrivals import RawRecord
from timeline_service.replay.spill import Spill, Spilled


def spilled(offset: int, key: bytes | None, size: int = 900) -> Spilled:
    return Spilled(RawRecord(0, offset, 1_000 + offset, key, b"v" * size, (("h", None),)), 1_000 + offset)


@pytest.mark.parametrize("count", [0, 1, 5_000])
def test_an_events_records_come_together_and_in_their_order(count: int) -> None:
    chance = Random(1)
    records = [spilled(offset, b"event %d" % chance.randrange(700)) for offset in range(count)]
    with Spill(None, count) as spill:
        for start in range(0, count, 300):
            spill.add(records[start : start + 300])
        buckets = list(spill.buckets())
    events = [event for bucket in buckets for event in bucket]
    assert sorted(record.raw.offset for event in events for record in event) == list(range(count))
    assert len({event[0].raw.key for event in events}) == len(events)
    for event in events:
        assert len({record.raw.key for record in event}) == 1
        offsets = [record.raw.offset for record in event]
        assert offsets == sorted(offsets)
        assert event == [record for record in records if record.raw.key == event[0].raw.key]
    assert len(buckets) > 1 or count < 100


def test_records_without_a_key_stand_alone() -> None:
    records = [spilled(offset, None if offset % 2 else b"event") for offset in range(10)]
    with Spill(None, 10) as spill:
        spill.add(records)
        (bucket,) = spill.buckets()
    assert sorted(map(len, bucket)) == [1] * 5 + [5]
