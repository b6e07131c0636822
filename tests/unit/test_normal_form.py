from typing import Any

import orjson
import pytest
from hypothesis import given
from tests.bench.event_supply import events
from tests.fuzzing.mutated_events import compare
from tests.support.inputs.event_strategies import posted_events

from event_schemas.countries import all_countries
from event_schemas.errors import RefusedEventError
from event_schemas.event_fields import read_fields
from event_schemas.events import Event, content_of, read_content, read_event, read_posted, said_by
from event_schemas.json_text import write_json
from event_schemas.normal_form import normal_content, normal_text

BAN: dict[str, Any] = {
    "actors": [{"country": "IND", "name": "Ministry"}],
    "attributes": {"tone": 1.5},
    "codes": {"gdelt": "7"},
    "countries": ["CHN", "IND"],
    "domain": "technology",
    "goldstein": -2.5,
    "initiators": ["IND"],
    "sources": [{"published": "2020-06", "publisher": "P", "title": "T", "url": "https://example.org/a"}],
    "stage": "in_force",
    "summary": "Words.",
    "tags": ["apps", "border"],
    "title": "t",
    "type": "ban",
    "valence": "conflictual",
    "when": "2020-06-29",
}
#: What may stand anywhere: of every type, empty, awkward, nearly what is expected.
JUNK: list[Any] = [
    None, True, False, 0, 1, -0.0, 2.0, 2.5, 10, 11, 10.5, -11, float(2**70), "", " ", "a", "a ", "A", "a\nb",
    "a\u0301", "neutral", "trade",
    "\u00a0a", "\x7f", "x" * 64, "x" * 65, "x" * 129, "x" * 301, "x" * 10_001, "IND", "CN", "IND ", "XXX", "ban", "bam",
    "ended", "2020", "2020-02-30", "2020/..", "https://example.org", "https://", "ftp://a", "https://a b", [], {},
    ["IND"], ["IND", "CHN"], ["CHN", "CHN"], ["CHN", "IND"], ["CHN", "USA"], ["CHN", "IND", "USA"], ["b", "a"],
    ["a", "a"], ["a", 1], ["A"], [["a"]], ["a"] * 51, [f"{number:02}" for number in range(51)], [{}], [{"name": "a"}],
    [{"name": ""}], [{"name": "a"}] * 51, ["name"], ["url"], [{"url": "https://example.org"}], {"a": "b"}, {"a": ""},
    {"a": 1}, {"a": " b"}, {" a": "b"}, {"": "b"}, {"a": {"b": [None]}}, {"a": "\0"}, {"a": 2**64}, {"name": "a"},
    {str(number): "b" for number in range(21)}, [code for code, _ in all_countries()[:61]],
]  # fmt: skip


def normal(event: Any) -> bool:
    """Whether it looks normal; what does must be what the models make of it, in every byte."""
    content = normal_content(event)
    if content is not None:
        assert content == said_by(read_event(event))
        assert normal_text(read_fields(content.text)) == content.text
    return content is not None


def test_what_was_normalised_is_seen_to_be_normal() -> None:
    assert BAN.keys() == Event.model_fields.keys() - {"id"}
    assert normal(BAN)
    for event in events(1_000):
        assert normal(orjson.loads(write_json(content_of(read_event(event)))))


@pytest.mark.parametrize("name", sorted(BAN))
def test_only_what_an_event_may_lack_is_missed(name: str) -> None:
    without = {field: value for field, value in BAN.items() if field != name}
    assert normal(without) == (name not in {"title", "when", "countries", "type", "valence"})
    assert normal({**without, "type": "other"}) == (name not in {"title", "when", "countries"})


@pytest.mark.parametrize("name", [*sorted(BAN), "id", "pairs", "other"])
def test_nothing_looks_normal_that_is_not(name: str) -> None:
    looks = [normal({**BAN, name: value}) for value in JUNK]
    assert any(looks) == (name in BAN)
    assert not all(looks)


@pytest.mark.parametrize("name", ["actors", "sources"])
def test_nothing_in_a_list_looks_normal_that_is_not(name: str) -> None:
    item = BAN[name][0]
    for field in [*item, "other"]:
        without = {each: value for each, value in item.items() if each != field}
        assert normal({**BAN, name: [without]}) == (field not in {"name", "url"})
        looks = [normal({**BAN, name: [item, {**item, field: value}]}) for value in JUNK]
        assert any(looks) == (field in item)


@pytest.mark.parametrize("countries", [["CHN"], ["CHN", "IND"], ["CHN", "IND", "USA"], ["CHN", "USA"]])
def test_who_acted_is_among_the_countries_and_not_all_of_them(countries: list[str]) -> None:
    assert normal({**BAN, "countries": countries}) == ("IND" in countries)
    mutual = {name: value for name, value in BAN.items() if name != "initiators"}
    assert normal({**mutual, "countries": countries}) == (len(countries) > 1)
    for initiators in (["CHN"], ["CHN", "IND"], ["CHN", "IND", "USA"], ["FRA"]):
        looks = normal({**BAN, "countries": countries, "initiators": initiators})
        assert looks == (set(initiators) < set(countries))


@given(posted_events())
def test_any_event_reads_the_same_at_a_glance_and_through_the_models(posted: dict[str, Any]) -> None:
    content = write_json(content_of(read_event(posted)))
    assert read_content(posted).text == content
    assert read_content(orjson.loads(content)).text == content
    normal(orjson.loads(content))


def posted_alike(event: Any) -> bool:
    """Whether a posted event is read; if so it must be what the models alone make of it, id and all."""
    try:
        through = read_event(event)
    except RefusedEventError:
        with pytest.raises(RefusedEventError):
            read_posted(event)
        return False
    assert read_posted(event) == (said_by(through), through.id)
    return True


@given(posted_events())
def test_any_posted_event_reads_the_same_once_tidied_and_through_the_models(posted: dict[str, Any]) -> None:
    assert posted_alike(posted)


@pytest.mark.parametrize("name", [*sorted(BAN), "id", "pairs", "status", "other"])
def test_nothing_is_tidied_that_the_models_refuse(name: str) -> None:
    for base in (BAN, {**BAN, "countries": ["in", "China"], "initiators": ["India", "IND"], "tags": ["b", "a", "b"]}):
        read = [posted_alike({**base, name: value}) for value in [*JUNK, "1b4e28ba-2fa1-11d2-883f-0016d3cca427"]]
        assert any(read) == (name != "other")
        assert not all(read) or name in {"pairs", "status"}


def test_events_with_something_odd_in_them_are_read_alike_in_both_ways() -> None:
    assert 1_000 < compare(5_000, seed=7) < 4_000


def test_most_of_what_is_posted_needs_no_more_than_tidying(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("event_schemas.events.read_event", lambda _: pytest.fail("read through the models"))
    for event in events(1_000):
        read_posted(event)


@pytest.mark.parametrize(
    "value", [None, 1, "event", [], {}, [BAN], {**BAN, "id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427"}]
)
def test_other_values_are_not_normal(value: Any) -> None:
    assert normal_content(value) is None
