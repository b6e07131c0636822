from pathlib import Path

from event_schemas.countries import pairs_of
from event_schemas.dates import PRECISIONS, parse_when
from event_schemas.events import read_event
from event_schemas.json_text import read_json

SAMPLES = Path(__file__).parents[2] / "deploy/local/src/local_stack/samples.ndjson"
EVENTS = [read_event(read_json(line)) for line in SAMPLES.read_bytes().splitlines()]


def test_the_samples_show_every_precision_and_several_pairs() -> None:
    assert {parse_when(event.when).precision for event in EVENTS} == set(PRECISIONS)
    assert len({pair for event in EVENTS for pair in pairs_of(event.countries, event.initiators or [])}) >= 8
    assert any(event.initiators for event in EVENTS)
    assert any(len(event.countries) > 2 for event in EVENTS)
    assert any("SUN" in event.countries for event in EVENTS)


def test_every_sample_names_its_source() -> None:
    assert [event.title for event in EVENTS if not event.sources] == []
