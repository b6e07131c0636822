"""A form shows an event and gives it back: nothing is lost that was not touched."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from tests.support.inputs.event_strategies import posted_events

from event_schemas.countries import country_code
from event_schemas.events import content_of, read_content, read_event
from timeline_service.domain.country_names import ENGLISH_NAMES
from timeline_service.errors import RefusedError
from timeline_service.web.event_fields import SHOWN, EventFields, field_of
from timeline_service.web.form_bodies import Form

EMPTY: dict[str, Any] = {
    "summary": None, "valence": None, "domain": None, "stage": None, "goldstein": None,
    "initiators": [], "actors": [], "sources": [], "tags": [], "codes": {}, "attributes": {},
}  # fmt: skip


def sent(fields: EventFields) -> Form:
    """What a browser sends of the form that shows these fields."""
    names = ("title", "when", "type", "valence", "domain", "stage", "summary")
    form = [(name, getattr(fields, name)) for name in names] + [("tag", tag) for tag in fields.tags]
    for number, country in enumerate(fields.countries):
        form += [("country", country.name)] + ([("acted", str(number))] if country.acted else [])
    for actor in fields.actors:
        form += [("actor_name", actor.name), ("actor_country", actor.country)]
    for source in fields.sources:
        form += [("url", source.url), ("source_title", source.title)]
        form += [("publisher", source.publisher), ("published", source.published)]
    return form


@given(posted_events())
def test_an_event_that_nobody_touched_is_given_back_as_it_was(posted: dict[str, Any]) -> None:
    content = orjson.loads(read_content(posted).text)
    if "\r" in content.get("summary", ""):  # a browser knows one kind of line end
        return
    event = EMPTY | content
    back = EventFields.read(sent(EventFields.of(event))).event(
        {name: event[name] for name in event.keys() - set(SHOWN)}
    )
    assert content_of(read_event(back)) == content


def test_every_name_of_a_country_that_the_form_shows_is_taken() -> None:
    assert {name: country_code(name) for name in ENGLISH_NAMES.values()} == {
        name: code for code, name in ENGLISH_NAMES.items()
    }


def test_what_is_empty_says_nothing() -> None:
    assert EventFields.read([("title", ""), ("country", ""), ("actor_name", ""), ("actor_country", "")]).event() == {}


def test_who_acted_is_one_of_the_countries() -> None:
    with pytest.raises(RefusedError, match="expected the number of a row"):
        EventFields.read([("country", "France"), ("country", "Spain"), ("acted", "2")])


def test_no_row_is_lost_where_a_column_is_shorter() -> None:
    event = EventFields.read([("url", "https://a.example"), ("url", "https://b.example"), ("publisher", "A")]).event()
    assert event["sources"] == [{"url": "https://a.example", "publisher": "A"}, {"url": "https://b.example"}]


def test_a_date_in_words_is_read() -> None:
    assert EventFields.read([("when", "June 2025")]).when == "2025-06"


def test_a_mistake_is_shown_at_its_field() -> None:
    pointers = ["/title", "/initiators/0", "/event/sources/0/url", "/reason", ""]
    assert [field_of(pointer) for pointer in pointers] == ["title", "countries", "sources", "reason", ""]
