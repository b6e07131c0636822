from typing import Any

import orjson
import pytest
from hypothesis import given
from tests.support.inputs.event_strategies import posted_events

from event_schemas.countries import all_countries
from event_schemas.events import read_content
from timeline_service.domain import search_documents
from timeline_service.domain.search_documents import document_of
from timeline_service.domain.text_folding import fold_name, words_of
from timeline_service.judge.entries import EventContent, event_content, timeline_entry


def turned(value: Any) -> Any:
    """The same JSON with the keys of every object in the opposite order."""
    if isinstance(value, list):
        return [turned(item) for item in value]
    return {name: turned(value[name]) for name in sorted(value, reverse=True)} if isinstance(value, dict) else value


@given(posted_events())
def test_a_document_is_the_same_of_a_record_and_of_what_is_stored_of_it(posted: dict[str, Any]) -> None:
    content = read_content(posted).text
    event, again = read_content(turned(orjson.loads(content)))
    assert again == content
    fresh, stored = (
        document_of(EventContent(content.decode(), event, timeline_entry(event)), None),
        document_of(event_content(content.decode()), None),
    )
    assert fresh == stored
    assert fresh.vector == stored.vector


@pytest.mark.parametrize(
    ("text", "longest"), [("x" * 10_000, 500), ("\u3300" * 300, 500), ("é" * 501, 500), ("a b", 1)]
)
def test_no_word_is_longer_than_postgres_takes(text: str, longest: int) -> None:
    assert max(map(len, words_of(text))) == longest
    assert max(len(word.encode()) for word in words_of(text)) <= 2_046
    assert len(fold_name(text)) <= 500


def test_only_the_facets_of_few_pairs_are_remembered() -> None:
    codes = [code for code, _ in all_countries()]
    before = search_documents._facets.cache_info().currsize
    for start in range(20):
        posted = {"title": "t", "when": "2020", "countries": codes[start : start + 60], "type": "visit"}
        facets = document_of(event_content(read_content(posted).text.decode()), None).facets
        assert len([facet for facet in facets if facet.startswith("pair:")]) == 1_770
    assert search_documents._facets.cache_info().currsize == before
