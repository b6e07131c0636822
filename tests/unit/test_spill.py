import tempfile
from pathlib import Path
from random import Random

import pytest

from timeline_service.judge.decoding import RawRecord
from timeline_service.replay.loading import spill as spill_files
from timeline_service.replay.loading.spill import Spill, Spilled


def spilled(offset: int, key: bytes | None, size: int = 900) -> Spilled:
    return Spilled(RawRecord(0, offset, 1_000 + offset, key, b"v" * size, (("h", None),)), 1_000 + offset)


@pytest.mark.parametrize("held", [0, 48 * 1024, 32 * 1024 * 1024])
@pytest.mark.parametrize("count", [0, 1, 5_000])
def test_an_events_records_come_together_and_in_their_order(
    count: int, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spill_files, "_HELD_BYTES", held)
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


def test_a_file_that_was_cut_is_no_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spill_files, "_HELD_BYTES", 0)
    path = tmp_path / "bucket"
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda dir: path.open("w+b"))
    with Spill(None, 10) as spill:
        spill.add([spilled(offset, b"event", 100_000) for offset in range(10)])
        buckets = spill.buckets()
        with path.open("r+b") as file:
            file.truncate(500_000)
        with pytest.raises(EOFError):
            next(buckets)
