from typing import Any

import orjson
import pytest
from hypothesis import given
from tests.bench.event_supply import events
from tests.support.inputs.event_strategies import posted_events

from event_schemas.countries import all_countries
from event_schemas.events import Event, content_of, read_content, read_event
from event_schemas.json_text import write_json
from event_schemas.normal_form import is_normal

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
    looks = is_normal(event)
    if looks:
        assert write_json(content_of(read_event(event))) == write_json(event)
    return looks


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
    assert write_json(read_content(posted)) == content
    assert write_json(read_content(orjson.loads(content))) == content
    normal(orjson.loads(content))


@pytest.mark.parametrize(
    "value", [None, 1, "event", [], {}, [BAN], {**BAN, "id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427"}]
)
def test_other_values_are_not_normal(value: Any) -> None:
    assert not is_normal(value)
