"""What all formats promise: stateless writers whose batches join into the document of one batch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.inputs.event_strategies import event_views

from timeline_service.formats import FORMATS, FormatContext
from timeline_service.queries.views.events import EventView

DOCUMENT = FormatContext("China – India", "http://127.0.0.1:8002/v1/events.x", "http://127.0.0.1:8002")


def test_formats_are_known_by_their_suffix() -> None:
    assert {name: (each.media_type, each.paged) for name, each in FORMATS.items()} == {
        "csv": ("text/csv; charset=utf-8; header=present", False),
        "ndjson": ("application/x-ndjson", False),
        "ics": ("text/calendar; charset=utf-8", False),
        "atom": ("application/atom+xml; charset=utf-8", True),
        "timelinejs.json": ("application/json", False),
    }
    assert all(name == each.name for name, each in FORMATS.items())


@pytest.mark.parametrize("name", FORMATS)
@given(events=st.lists(event_views(), max_size=4), data=st.data())
def test_batches_join_into_the_same_document(name: str, events: list[EventView], data: st.DataObject) -> None:
    writer = FORMATS[name]
    cut = data.draw(st.integers(0, len(events)))
    batches = [events[:cut], events[cut:], []]
    raw, wrote = b"", False
    for batch in batches:
        raw += writer.write(DOCUMENT, batch, first=not wrote)
        wrote = wrote or bool(batch)
    # Not byte for byte: JSON may hold a line end between batches.
    assert raw.replace(b"\n", b"") == writer.write(DOCUMENT, events, first=True).replace(b"\n", b"")
