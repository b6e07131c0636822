import re
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

from event_schemas.countries import pairs_of
from event_schemas.dates import PRECISIONS, parse_when
from event_schemas.events import read_event
from event_schemas.json_text import read_json
from event_schemas.taxonomy import TYPES

LOCAL = Path(__file__).parents[2] / "deploy/local"
EVENTS = [read_event(read_json(line)) for line in (LOCAL / "src/local_stack/samples.ndjson").read_bytes().splitlines()]
PAIRS = [pairs_of(event.countries, event.initiators or []) for event in EVENTS]
#: Where an event's date was found, and the words that stand there.
FOUND = re.compile(r"(<https?://\S+>|`[\w.-]+/[\w.-]+`: `[^`]+`(, [\w ]+)?) “.+”")


def test_the_samples_are_many_and_show_every_precision_and_type() -> None:
    dates = [parse_when(event.when) for event in EVENTS]
    assert len(EVENTS) >= 150
    assert {date.precision for date in dates} == set(PRECISIONS)
    assert any(date.approximate for date in dates)
    assert any(date.uncertain for date in dates)
    assert any(date.latest is None for date in dates)
    assert {event.type for event in EVENTS} == set(TYPES)


def test_the_samples_are_between_many_pairs_some_of_which_have_a_story() -> None:
    counts = Counter(pair for pairs in PAIRS for pair in pairs)
    assert len(counts) >= 40
    assert len([pair for pair, count in counts.items() if count >= 10]) >= 8
    assert any(len(event.countries) > 2 for event in EVENTS)
    assert any("SUN" in event.countries for event in EVENTS)


def test_of_most_stories_both_sides_act() -> None:
    acted: dict[str, Counter[str]] = defaultdict(Counter)
    for event, pairs in zip(EVENTS, PAIRS, strict=True):
        for pair in pairs:
            acted[pair].update(side for side in pair.split("-") if side in (event.initiators or []))
    assert len([pair for pair, sides in acted.items() if len(sides) == 2 and sides.total() >= 5]) >= 8


def test_the_samples_stand_by_date_and_each_has_a_title_of_its_own() -> None:
    starts = [parse_when(event.when).earliest for event in EVENTS]
    assert all(before <= after for before, after in pairwise(start for start in starts if start))
    assert [title for title, count in Counter(event.title for event in EVENTS).items() if count > 1] == []


def test_every_sample_names_its_source() -> None:
    assert [event.title for event in EVENTS if not event.sources] == []
    urls = [source["url"] for event in EVENTS for source in event.sources or []]
    assert [url for url in urls if not url.startswith("https://")] == []


def test_every_sample_has_its_line_that_says_where_it_was_checked() -> None:
    table = (LOCAL / "SAMPLES.md").read_text(encoding="utf-8").partition("|---|---|---|\n")[2].splitlines()
    lines = [line.strip("| ").split(" | ", maxsplit=2) for line in table]
    assert [(when, title) for when, title, _ in lines] == [(event.when, event.title) for event in EVENTS]
    assert [
        title for _, title, where in lines if not all(FOUND.fullmatch(place) for place in where.split("<br>"))
    ] == []
