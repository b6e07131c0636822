"""An event as it is searched: what it is about as facets, and its folded words with their weights and places."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from struct import pack
from typing import Any, Final

import orjson

from timeline_service.domain.entries import Standing, standing
from timeline_service.domain.folding import fold_whole, words_of

#: A word, its place in the document, and its weight: A, B, or none.
Lexeme = tuple[str, int, str]
_WEIGHTS: Final = {"A": 3 << 14, "B": 2 << 14, "": 0}
_LAST_PLACE: Final = 2**14 - 1
_MOST_PLACES: Final = 256


#: The columns of a document's row, in the order of `document_row`.
DOCUMENT_COLUMNS: Final = (
    "event_id", "revision", "partition", "from_offset", "until_offset", "retracted", "span", "earliest", "latest",
    "accepted_at", "type", "valence", "domain", "sources", "goldstein", "facets", "words",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """One revision's facets, and its words with their places and weights, as they follow one another."""

    stands: Standing
    facets: tuple[str, ...]
    lexemes: tuple[Lexeme, ...]

    @property
    def words(self) -> str:
        """The words as the text of a PostgreSQL `tsvector`."""
        return " ".join([f"'{word}':{place}{weight}" for word, place, weight in self.lexemes])

    @property
    def vector(self) -> bytes:
        """The same as PostgreSQL sends and receives it (tsvectorsend): each word once, with its places.

        A place is 14 bits below the two of its weight; a word has 256 places at most.
        """
        places = defaultdict[str, list[int]](list)
        for word, place, weight in self.lexemes:
            places[word].append(min(place, _LAST_PLACE) | _WEIGHTS[weight])
        parts = [len(places).to_bytes(4)]
        for word, found in places.items():
            kept = found[:_MOST_PLACES]
            parts.append(b"%b\0%b" % (word.encode(), pack(f">H{len(kept)}H", len(kept), *kept)))
        return b"".join(parts)


def document_of(content: str) -> Document:
    """The document of an event's content."""
    event: dict[str, Any] = orjson.loads(content)
    stands = standing(event)
    return Document(stands, tuple(_facets(event, stands)), tuple(_lexemes(event)))


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
    yield from dict.fromkeys(facet("actor", fold_whole(actor["name"])) for actor in event.get("actors", ()))
    yield from (facet("code", f"{scheme}:{code}") for scheme, code in event.get("codes", {}).items())


def _lexemes(event: Mapping[str, Any]) -> Iterable[Lexeme]:
    """Title first (weight A), then tags and actors (B), then the summary (D). No phrase reaches from one to another."""
    place = 0
    texts = [(event["title"], "A")]
    texts += [(tag, "B") for tag in event.get("tags", ())]
    texts += [(actor["name"], "B") for actor in event.get("actors", ())]
    texts.append((event.get("summary", ""), ""))
    for text, weight in texts:
        for word in words_of(text):
            place += 1
            yield word, place, weight
        place += 1


def document_row(revision: Sequence[Any]) -> tuple[Any, ...]:
    """The row of a document by that of its revision (REVISION_COLUMNS), once it is known when that ended."""
    event_id, number, partition, from_offset, until_offset, action, *_, first_accepted_at, _, _, content = revision
    document = document_of(content)
    stands = document.stands
    kind, valence, domain, _, sources, goldstein = stands.traits
    return (
        event_id, number, partition, from_offset, until_offset, action == "retracted", stands.span, stands.earliest,
        stands.latest, first_accepted_at, kind, valence, domain, sources, goldstein, document.facets, document.vector,
    )  # fmt: skip
