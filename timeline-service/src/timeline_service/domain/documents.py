"""An event as it is searched: what it is about as facets, and its folded words with their weights and places."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final

import orjson

from timeline_service.domain.entries import Standing, standing
from timeline_service.domain.folding import fold_whole, words_of

_WEIGHTS: Final = {"A": 3 << 14, "B": 2 << 14, "": 0}
_LETTERS: Final = {bits >> 14: letter for letter, bits in _WEIGHTS.items()}
_LAST_PLACE: Final = 2**14 - 1
_MOST_PLACES: Final = 256
#: The end of a word, and its places behind their number, by that number.
_PLACES: Final = [Struct(f">BH{count}H") for count in range(_MOST_PLACES + 1)]


#: The columns of a document's row, in the order of `document_row`.
DOCUMENT_COLUMNS: Final = (
    "event_id", "revision", "partition", "from_offset", "until_offset", "retracted", "span", "earliest", "latest",
    "accepted_at", "type", "valence", "domain", "sources", "goldstein", "facets", "words",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """One revision's facets, and its texts with their weights, of which the words are made."""

    stands: Standing
    facets: tuple[str, ...]
    texts: tuple[tuple[str, str], ...]

    @property
    def words(self) -> str:
        """The words as the text of a PostgreSQL `tsvector`."""
        return " ".join(
            f"'{word}':{','.join(f'{at & _LAST_PLACE}{_LETTERS[at >> 14]}' for at in found)}"
            for word, found in self._places().items()
        )

    @property
    def vector(self) -> bytes:
        """The same as PostgreSQL sends and receives it (tsvectorsend)."""
        places = self._places()
        parts = [len(places).to_bytes(4)]
        for word, found in places.items():
            parts += (word.encode(), _PLACES[len(found)].pack(0, len(found), *found))
        return b"".join(parts)

    def _places(self) -> Mapping[str, Sequence[int]]:
        """Each word once, with its places, at most 256: 14 bits below the two of its weight.

        All places beyond the last that fits are that one, where a word stands once.
        """
        places = defaultdict[str, list[int]](list)
        place = 0
        for text, weight in self.texts:
            words, bits = words_of(text), _WEIGHTS[weight]
            if place + len(words) < _LAST_PLACE:
                for at, word in enumerate(words, (place + 1) | bits):
                    places[word].append(at)
            else:
                for at, word in enumerate(words, place + 1):
                    places[word].append(min(at, _LAST_PLACE) | bits)
            place += len(words) + 1  # no phrase reaches from one text to another
        for found in places.values() if place > _MOST_PLACES else ():
            if len(found) > 1 and place > _LAST_PLACE:
                beyond = (number for number, at in enumerate(found, 1) if at & _LAST_PLACE == _LAST_PLACE)
                del found[next(beyond, len(found)) :]
            del found[_MOST_PLACES:]
        return places


def document_of(content: str, stands: Standing | None = None) -> Document:
    """The document of an event's content; `stands` is its standing, where that is known."""
    event: dict[str, Any] = orjson.loads(content)
    stands = stands or standing(event)
    return Document(stands, tuple(_facets(event, stands)), tuple(_texts(event)))


def facet(name: str, value: str) -> str:
    """One thing that an event is about, as it is asked for: `tag:chips`, without NUL, which is not stored."""
    return f"{name}:{value}".replace("\0", "")


def _facets(event: Mapping[str, Any], stands: Standing) -> list[str]:
    kind, valence, domain, stage, _, _ = stands.traits
    facets = [f"pair:{pair}" for pair in stands.pairs]
    facets += [f"country:{code}" for code in event["countries"]]
    facets += [f"initiator:{code}" for code in event.get("initiators", ())]
    traits = (("type", kind), ("valence", valence), ("domain", domain), ("stage", stage))
    facets += [f"{name}:{value}" for name, value in traits if value is not None]
    facets += [f"tag:{tag}" for tag in event.get("tags", ())]
    facets += dict.fromkeys(f"actor:{fold_whole(actor['name'])}" for actor in event.get("actors", ()))
    facets += [f"code:{scheme}:{code}" for scheme, code in event.get("codes", {}).items()]
    return [each.replace("\0", "") for each in facets]


def _texts(event: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Title first (weight A), then tags and actors (B), then the summary (D)."""
    yield event["title"], "A"
    yield from ((tag, "B") for tag in event.get("tags", ()))
    yield from ((actor["name"], "B") for actor in event.get("actors", ()))
    yield event.get("summary", ""), ""


def document_row(revision: Sequence[Any], stands: Standing | None = None) -> tuple[Any, ...]:
    """The row of a document by that of its revision (REVISION_COLUMNS), once it is known when that ended."""
    event_id, number, partition, from_offset, until_offset, action, *_, first_accepted_at, _, _, content = revision
    document = document_of(content, stands)
    stands = document.stands
    kind, valence, domain, _, sources, goldstein = stands.traits
    return (
        event_id, number, partition, from_offset, until_offset, action == "retracted", stands.span, stands.earliest,
        stands.latest, first_accepted_at, kind, valence, domain, sources, goldstein, document.facets, document.vector,
    )  # fmt: skip
