"""Made-up events: always the same, all of them ours, and as frequent as in real files."""

import subprocess
import sys
from collections import Counter
from itertools import islice
from typing import Any

import orjson
import pytest
from tests.support.inputs.gdelt_files import REAL_FILES
from tests.support.inputs.importing import import_gdelt

from event_schemas.dates import parse_when
from event_schemas.events import read_event
from ingest_service.importing.cameo import CAMEO
from ingest_service.importing.generation import generate


def test_a_seed_gives_the_same_events_however_many() -> None:
    first = list(generate(500, 7))
    assert list(islice(generate(10_000, 7), 500)) == first
    assert list(generate(500, 8)) != first
    assert len({event["id"] for event in [*first, *generate(500, 8)]}) == 1_000


def test_every_event_is_ours() -> None:
    for event in generate(3_000, 1):
        read_event(event)
        assert event["type"] == CAMEO[event["codes"]["cameo"]].type


def test_dates_are_mostly_days_and_of_every_other_precision_some() -> None:
    found = Counter(parse_when(event["when"]).precision for event in generate(20_000, 1))
    assert found["day"] / 20_000 > 0.95
    assert found.keys() == {"day", "month", "year", "interval"}


@pytest.mark.skipif(not REAL_FILES, reason="GDELT's files are not at hand")
def test_frequencies_are_those_of_real_files() -> None:
    real = import_gdelt(*REAL_FILES).events
    made = list(generate(20_000, 1))
    for field in ("type", "valence", "countries"):
        shares = [_shares(events, field) for events in (real, made)]
        apart = sum(abs(shares[0].get(key, 0) - shares[1].get(key, 0)) for key in shares[0] | shares[1])
        assert apart < {"type": 0.3, "valence": 0.1, "countries": 0.4}[field], field
    precise = [
        sum(parse_when(event["when"]).precision == "day" for event in events) / len(events) for events in (real, made)
    ]
    assert abs(precise[0] - precise[1]) < 0.02


def _shares(events: list[dict[str, Any]], field: str) -> dict[str, float]:
    """How much of all that stands in a field each text is."""
    values: Counter[str] = Counter()
    for event in events:
        value = CAMEO[event["codes"]["cameo"]].valence if field == "valence" else event[field]
        values.update(value if isinstance(value, list) else [value])
    return {key: count / values.total() for key, count in values.items()}


def test_the_command_streams_ndjson_and_ends_when_nobody_reads() -> None:
    command = [sys.executable, "-m", "ingest_service.cli", "generate"]
    lines = subprocess.run([*command, "20", "--seed", "3"], check=True, capture_output=True).stdout.splitlines()
    assert [orjson.loads(line) for line in lines] == list(generate(20, 3))
    with subprocess.Popen([*command, "1000000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.wait(60) == 0
        assert child.stderr.read() == b""
