"""An event as it is searched: what it is about as facets, and its folded words with their weights and places."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from timeline_service.domain.entries import Standing, standing
from timeline_service.domain.folding import fold_whole, words_of


@dataclass(frozen=True, slots=True)
class Document:
    """One revision's facets, and its words as the text of a PostgreSQL `tsvector`."""

    stands: Standing
    facets: tuple[str, ...]
    words: str


def document_of(content: str) -> Document:
    """The document of an event's content."""
    event: dict[str, Any] = orjson.loads(content)
    stands = standing(event)
    return Document(stands, tuple(_facets(event, stands)), _vector(event))


def facet(name: str, value: str) -> str:
    """One thing that an event is about, as it is stored and asked for: `tag:chips`. NUL cannot be stored."""
    return f"{name}:{value}".replace("\0", "")


def _facets(event: Mapping[str, Any], stands: Standing) -> Iterable[str]:
    kind, valence, domain, stage, _, _ = stands.traits
    yield from (facet("pair", pair) for pair in stands.pairs)
    yield from (facet("country", code) for code in event["countries"])
    yield from (facet("initiator", code) for code in event.get("initiators", ()))
    traits = {"type": kind, "valence": valence, "domain": domain, "stage": stage}
    yield from (facet(name, value) for name, value in traits.items() if value is not None)
    yield from (facet("tag", tag) for tag in event.get("tags", ()))
    yield from {facet("actor", fold_whole(actor["name"])) for actor in event.get("actors", ())}
    yield from (facet("code", f"{scheme}:{code}") for scheme, code in event.get("codes", {}).items())


def _vector(event: Mapping[str, Any]) -> str:
    """Title first (weight A), then tags and actors (B), then the summary (D). No phrase reaches from one to another."""
    lexemes: list[str] = []
    place = 0
    texts = [(event["title"], "A")]
    texts += [(tag, "B") for tag in event.get("tags", ())]
    texts += [(actor["name"], "B") for actor in event.get("actors", ())]
    texts.append((event.get("summary", ""), ""))
    for text, weight in texts:
        for word in words_of(text):
            place += 1
            lexemes.append(f"'{word}':{place}{weight}")
        place += 1
    return " ".join(lexemes)
