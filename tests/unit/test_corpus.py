"""Records of every version ever written, replayed: the verdicts, and the states, are the ones they always were."""

import hashlib
import json
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka.partitioner import murmur2
from tests.support.models.memory_rows import MemoryRows

from event_schemas.json_text import read_json
from timeline_service.judge.batch import fold_batch
from timeline_service.judge.decoding import RawRecord, decode_record

SCHEMAS = Path(__file__).parents[2] / "schemas"
LINES = (SCHEMAS / "examples/corpus.ndjson").read_bytes().splitlines(keepends=True)
CORPUS = [json.loads(line) for line in LINES]
DIGESTS = read_json((SCHEMAS / "examples/corpus-digests.json").read_bytes())
PARTITIONS = 12
#: Words for people, which newer code may put better. Columns that come after the first release go here too.
UNPINNED = {
    "detail", "code_version", "headers",
    "type", "valence", "domain", "stage", "sources", "goldstein", "direction",
    "attempted", "batch",
}  # fmt: skip


def partition_of(key: bytes) -> int:
    return int((murmur2(key) & 0x7FFFFFFF) % PARTITIONS)


def replay(lines: list[dict[str, Any]], batch: int = 1_000) -> MemoryRows:
    """The rows that the corpus gives in batches of a size."""
    latest: dict[int, datetime] = {}
    rows, decoded_records = MemoryRows(), []
    for line in lines:
        partition, offset = map(int, line["position"].split(":"))
        moment = datetime.fromtimestamp(line["timestamp"] / 1000, UTC)
        latest[partition] = max(moment, latest.get(partition, moment))
        headers = tuple((name, bytes_of(value)) for name, value in line["headers"])
        raw = RawRecord(partition, offset, line["timestamp"], bytes_of(line["key"]), bytes_of(line["value"]), headers)
        decoded_records.append(decode_record(raw, latest[partition], partition_of))
    event_ids = {decoded.event_id for decoded in decoded_records if decoded.event_id is not None}
    for start in range(0, len(decoded_records), batch):
        rows.write(fold_batch(decoded_records[start : start + batch], rows.load(event_ids, event_ids)))
    return rows


def bytes_of(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)


def digest_of_states(rows: MemoryRows) -> str:
    """One digest of all that the corpus's lines leave in the tables, but words for people."""
    tables = [
        sorted(
            json.dumps(
                {name: value for name, value in row.items() if name not in UNPINNED}, sort_keys=True, default=plain
            )
            for row in table
        )
        for table in (rows.revisions, rows.entries, rows.outcomes)
    ]
    return hashlib.sha256(json.dumps(tables).encode()).hexdigest()


def plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def test_every_record_gets_the_verdict_that_it_always_got() -> None:
    names = ("outcome", "problem", "revision", "first_position")
    known = {line["position"]: tuple(line["verdict"].get(name) for name in names) for line in CORPUS}
    assert replay(CORPUS).verdicts() == known


@pytest.mark.parametrize("known", DIGESTS, ids=lambda known: known["release"])
def test_the_lines_of_a_release_are_as_they_were_and_give_the_known_states(known: dict[str, Any]) -> None:
    lines = LINES[: known["lines"]]
    assert hashlib.sha256(b"".join(lines)).hexdigest() == known["sha256"], (
        "the corpus grows at its end and nowhere else"
    )
    assert digest_of_states(replay(CORPUS[: known["lines"]])) == known["states"]


@pytest.mark.parametrize("batch", [1, 7])
def test_batches_do_not_change_the_states(batch: int) -> None:
    assert digest_of_states(replay(CORPUS, batch)) == digest_of_states(replay(CORPUS))


def test_the_corpus_holds_every_version_and_every_verdict() -> None:
    assert DIGESTS[-1]["lines"] == len(CORPUS), "add a release's line to corpus-digests.json"
    applied = {
        json.loads(b64decode(line["value"]))["type"] for line in CORPUS if line["verdict"]["outcome"] == "applied"
    }
    versions = {path.stem for path in (SCHEMAS / "json").glob("dyadline.event.*.json")}
    assert versions <= applied
    assert {(line["verdict"]["outcome"], line["verdict"].get("problem")) for line in CORPUS} >= {
        ("applied", None), ("duplicate", None), ("rejected", "conflict"), ("rejected", "stale-revision"),
        ("rejected", "unknown-event"), ("rejected", "already-retracted"), ("rejected", "retracted"),
        ("rejected", "no-change"),
        ("rejected", "malformed"), ("parked", "unknown-version"), ("parked", "behind-parked"),
    }  # fmt: skip
