"""CONTRIBUTING.md lists what to touch: all that is there today is in all the places that it names."""

import inspect
import re
from base64 import b64decode
from collections.abc import Iterable

import orjson
import pytest
from tests.support.running.session_folder import ROOT

from event_schemas.events import Event
from event_schemas.versions import CURRENT, type_name
from timeline_service.api import filters
from timeline_service.formats import FORMATS

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TIMELINE = ROOT / "timeline-service/src/timeline_service"
#: What a filter may have beside its own, for a condition on a facet or on a column.
OPTIONAL = {"domain/search_documents.py", "judge/entries.py", "judge/rows.py", "sql/generation_tables.sql"}
#: `as_of` and `generation` choose where is read; `include` and `match` have words of their own within a selection.
NO_FILTERS = {"as_of", "generation", "from", "to", "match", "include", "q"}


def places(title: str) -> list[str]:
    (paragraph,) = re.findall(rf"\*\*{title}\*\*(.*?)\n\n", PAGE, re.DOTALL)
    return list(dict.fromkeys(re.findall(r"`([\w/.-]+\.(?:py|sql|md|json|ndjson))`", paragraph)))


def text_of(place: str) -> str:
    path = next(path for path in (TIMELINE / place, ROOT / place) if path.exists())
    return path.read_text(encoding="utf-8")


def lacking(names: Iterable[str], listed: Iterable[str]) -> list[str]:
    return [f"{name} in {place}" for place in listed for name in names if not re.search(rf"\b{name}\b", text_of(place))]


@pytest.mark.parametrize("title", ["A filter", "A field", "A format", "A record version"])
def test_every_place_that_is_named_is_there(title: str) -> None:
    assert all(text_of(place) for place in places(title))


def test_every_filter_is_in_every_place_of_a_filter() -> None:
    (taken,) = [function for name, function in inspect.getmembers(filters, inspect.isfunction) if name == "_filters"]
    names = {name.rstrip("_") for name in inspect.signature(taken).parameters} - NO_FILTERS
    listed = [place for place in places("A filter") if place not in OPTIONAL]
    assert len(names) > 5
    assert len(listed) > 5
    columns = {"min_sources": "sources"}
    conditions = "adapters/postgres/conditions.py"
    assert lacking(names, [place for place in listed if place != conditions]) == []
    assert lacking([columns.get(name, name) for name in names], [conditions]) == []


def test_every_field_is_in_every_place_of_a_field() -> None:
    made = {"schemas/generate_json_schemas.py", "schemas/src/event_schemas/limits.py"}
    listed = [place for place in places("A field") if place not in made]
    assert len(listed) > 3
    assert lacking(set(Event.model_fields) - {"id"}, listed) == []


def test_every_format_is_in_every_place_of_a_format() -> None:
    own = {"formats/format.py", "tests/unit/test_format_atom.py"}
    listed = [place for place in places("A format") if place not in own]
    assert len(listed) > 3
    for each in FORMATS.values():
        words = {each.name, type(each).__name__, each.accept_name, "FORMATS"}
        bare = [place for place in listed if not any(word in text_of(place) for word in words)]
        assert bare == [], each.name


def test_every_record_version_has_its_examples_and_its_lines_in_the_corpus() -> None:
    lines = [orjson.loads(line) for line in (ROOT / "schemas/examples/corpus.ndjson").read_bytes().splitlines()]
    values = [b64decode(line["value"] or "") for line in lines]
    for name in [type_name(action, version) for action in CURRENT for version in range(1, CURRENT[action] + 1)]:
        assert (ROOT / "schemas/examples" / name).is_dir()
        assert any(f'"{name}"'.encode() in value for value in values), name
