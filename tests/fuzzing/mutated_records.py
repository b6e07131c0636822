"""`python -m tests.fuzzing.mutated_records --records N --seed S`: odd records, read in both ways.

What is read in one go (`written_records`) has to be what is read step by step, or to be refused in the same words.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any, Final
from unittest.mock import patch

import orjson
from tests.bench.event_supply import events
from tests.fuzzing.mutated_events import changed

from event_schemas.errors import LanguageError
from event_schemas.events import read_posted
from event_schemas.record_builders import corrected, recorded, retracted
from event_schemas.records import HEADERS, Record, decode, encode_value
from event_schemas.requests import read_correction, read_retraction

_IDS: Final = ("1b4e28ba-2fa1-11d2-883f-0016d3cca427", "3af19a32-f3ce-5774-9c94-7669a4000f3d")
_TIMES: Final = (
    "2026-02-13T08:30:00Z",
    "2026-02-13T08:30:00.000001+02:00",
    "2026-W07-5T08:30:00.000001Z",
    "9999-12-31",
)
_REASONS: Final = ("A typo", "Zwei\nAbsätze", " padded", 'It said "so"', "e\u0301", "")
_START: Final = datetime(2026, 2, 13, 8, 30, tzinfo=UTC)
_Read = Record | tuple[str, str]


def mutated(seed: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values without end, in which something has been changed, or nothing."""
    chance = Random(seed)
    supply = events(sys.maxsize, seed)
    for one, other in pairwise(supply):
        record = _record(one, other, chance)
        key, value = record.event_id.encode(), encode_value(record)
        turn = chance.random()
        if turn < 0.5:
            envelope = orjson.loads(value)
            for _ in range(chance.choice((1, 1, 2, 3))):
                envelope = _odd(envelope, chance)
            try:
                value = orjson.dumps(envelope)
            except TypeError:  # an integer that is too large for it
                continue
        elif turn < 0.7:
            value = _broken(value, chance)
        yield (key if chance.random() < 0.98 else chance.choice((b"", b"k" * 36, _IDS[0].upper().encode()))), value


def _record(one: Any, other: Any, chance: Random) -> Record:
    at = _START + timedelta(microseconds=chance.choice((0, 1, 10**6)))
    batch = chance.choice((None, None, "a.CSV_1"))
    (fields, content), _ = read_posted(one | chance.choice(({}, {"attributes": {"b": 1.5, "a": [1e-7, {"d": 2}]}})))
    digest = "0" * 64 if chance.random() < 0.01 else ""
    correction = {"reason": "Why", "event": other, "expected_revision": chance.choice((None, 1, 7))}
    return chance.choice((
        recorded(fields, _IDS[1], content, digest, principal="a", accepted_at=at, batch=batch),
        recorded(fields, _IDS[1], content, digest, principal="a", accepted_at=at, origin=("urn:a", "7"), batch=batch),
        recorded(fields, _IDS[1], content, digest, principal="a", accepted_at=at, correcting="Why"),
        corrected(read_correction(correction), _IDS[1], principal="a", accepted_at=at, batch=batch),
        retracted(
            read_retraction({"reason": "Why", "duplicate_of": chance.choice((None, _IDS[0]))}), _IDS[1],
            principal="a", accepted_at=at, batch=batch,
        ),
    ))  # fmt: skip


def _odd(envelope: Any, chance: Random) -> Any:
    if not isinstance(envelope, dict):
        return envelope
    turn = chance.random()
    if turn < 0.2:
        return {**envelope, "time": chance.choice(_TIMES)}
    if turn < 0.4 and isinstance(envelope.get("data"), dict):
        return {**envelope, "data": {**envelope["data"], "reason": chance.choice(_REASONS)}}
    if turn < 0.5:
        names = list(envelope)
        chance.shuffle(names)
        return {name: envelope[name] for name in names}
    return changed(envelope, chance)


def _broken(value: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(value))
    what = chance.choice((b"", b" ", b"\\", b'"', b"\\u00e9", b"\xff", b"0", b',"batch":"b"', b'"when":"2020",'))
    return value[:place] + what + value[place + chance.choice((0, 0, 1)) :]


def compare(count: int, seed: int) -> int:
    """Read so many; returns how many of them were records. Raises AssertionError where the two ways differ."""
    found = 0
    supply = mutated(seed)
    for _ in range(count):
        key, value = next(supply)
        with patch("event_schemas.records.read_written", lambda key, value: None):
            slowly = _read(key, value)
        at_once = _read(key, value)
        assert at_once == slowly, (key, value)
        found += isinstance(at_once, Record)
    return found


def _read(key: bytes, value: bytes) -> _Read:
    try:
        return decode(key, value, HEADERS)
    except LanguageError as error:
        return type(error).__name__, str(error)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing.mutated_records")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    valid = compare(given.records, given.seed)
    print(f"{given.records} records of seed {given.seed}, of which {valid} were valid: both ways agree on each")
    sys.exit(0)
