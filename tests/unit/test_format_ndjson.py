import json

from hypothesis import given
from hypothesis import strategies as st
from tests.support.inputs.event_strategies import event_views, one_event

from event_schemas.events import content_of, read_event
from event_schemas.json_text import read_json
from timeline_service.formats import FORMATS, FormatContext
from timeline_service.queries.views.events import EventView

NDJSON = FORMATS["ndjson"]
DOCUMENT = FormatContext("China – India", "http://127.0.0.1:8002/v1/timelines/CHN-IND.ndjson", "http://127.0.0.1:8002")


def written(events: list[EventView]) -> bytes:
    return NDJSON.begin(DOCUMENT) + NDJSON.write(DOCUMENT, events, first=True) + NDJSON.end(DOCUMENT)


def test_without_events_there_are_no_lines() -> None:
    assert written([]) == b""


@given(st.lists(event_views(), max_size=3))
def test_each_line_is_an_event_as_it_was(events: list[EventView]) -> None:
    raw = written(events)
    assert raw.count(b"\n") == len(events)
    assert raw.endswith(b"\n") or not events
    # Through text, which makes lists of tuples.
    assert [json.loads(line) for line in raw.split(b"\n")[:-1]] == json.loads(json.dumps(events))


@given(event_views())
def test_a_line_can_be_posted_again_and_says_the_same(event: EventView) -> None:
    event["status"] = "current"
    again = read_event(read_json(written([event])))
    assert again.id == event["id"]
    said = {name: value for name, value in event.items() if name in content_of(again)}
    assert content_of(again) == said
    read = dict(event)
    assert all(not read[name] and read[name] != 0 for name in type(again).model_fields if name not in {"id", *said})


def test_a_snippet_does_not_hinder_posting_it_again() -> None:
    event = one_event() | {"snippet": "<b>ban</b>"}
    assert read_event(read_json(written([event]))) == read_event(read_json(written([one_event()])))
