"""An event as it is searched: what it is about as facets, and its folded words with their weights and places."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple, Protocol

from event_schemas.event_fields import EventFields
from timeline_service.domain.text_folding import encoded_words_of, fold_name
from timeline_service.judge.entries import EventContent, TimelineEntry
from timeline_service.judge.rows import make_row

_WEIGHTS: Final = {"A": 3 << 14, "B": 2 << 14, "": 0}
_TRAITS: Final = ("type", "valence", "domain", "stage")
_FEW_PAIRS: Final = 6
_LAST_PLACE: Final = 2**14 - 1
_MAX_PLACES: Final = 256
_PLACE: Final = Struct(">H")
_PACKED: Final = [_PLACE.pack(at) for at in range(2**16)]
#: The end of a word, and the number of its places, by how many bytes these take.
_COUNTS: Final = [b"\0" + _PLACE.pack(size // _PLACE.size) for size in range(_PLACE.size * _MAX_PLACES + 1)]


class DocumentRow(NamedTuple):
    """A document as its table holds it: the fields are its columns, in the order of COPY."""

    event_id: str
    revision: int
    partition: int
    from_offset: int
    until_offset: int | None
    retracted: bool
    span: int
    earliest: date
    latest: date
    accepted_at: datetime
    type: str
    valence: str | None
    domain: str | None
    sources: int
    goldstein: float | None
    facets: Sequence[str]
    words: bytes


class SearchDocument(NamedTuple):
    """One revision's facets, its texts with their weights, of which the words are made, and how its names are spelled.

    Those are the facets of tags, actors and publishers, each as it is written there first.
    """

    entry: TimelineEntry
    facets: Sequence[str]
    texts: Sequence[tuple[str, str]]
    spellings: Mapping[str, str]

    @property
    def vector(self) -> bytes:
        """The words as PostgreSQL sends and receives a `tsvector` (tsvectorsend)."""
        places = self._places()
        return len(places).to_bytes(4) + b"".join(
            [word + _COUNTS[len(found)] + found for word, found in places.items()]
        )

    def _places(self) -> Mapping[bytes, bytes]:
        """Each word once, with its places: 14 bits below the two of its weight."""
        places = defaultdict[bytes, bytes](bytes)
        place = 1
        for text, weight in self.texts:
            words, bits = encoded_words_of(text), _WEIGHTS[weight]
            end = place + len(words)
            if end <= _LAST_PLACE:
                packed = _PACKED[place | bits : end | bits]
            else:
                packed = [_PACKED[min(at, _LAST_PLACE) | bits] for at in range(place, end)]
            for word, at in zip(words, packed, strict=False):
                places[word] += at
            place = end + 1  # no phrase reaches from one text to another
        if place > _MAX_PLACES:
            return {word: _bounded(found) for word, found in places.items()}
        return places


def _bounded(found: bytes) -> bytes:
    """A word's places, at most 256. All places beyond the last that fits are that one, where a word stands once."""
    beyond = (number for number, (at,) in enumerate(_PLACE.iter_unpack(found), 1) if at & _LAST_PLACE == _LAST_PLACE)
    return found[: _PLACE.size * min(next(beyond, _MAX_PLACES), _MAX_PLACES)]


def document_of(content: EventContent, batch: str | None) -> SearchDocument:
    """The document of what a revision says, and of the load that brought it, if that has a name."""
    event, entry = content.event, content.entry
    spellings = _spellings(event)
    facets_of = _facets if len(entry.pairs) <= _FEW_PAIRS else _facets.__wrapped__  # the latter are not remembered
    facets = [*facets_of(entry.pairs, event.countries, event.initiators, entry.traits[:4])]
    if event.codes is not None:
        # In the order of the content, which a record's own need not be.
        facets += [f"code:{scheme}:{code}" for scheme, code in sorted(event.codes.items())]
    facets += spellings
    if batch is not None:
        facets.append(f"batch:{batch}")
    return SearchDocument(entry, facets, _texts(event), spellings)


def facet(name: str, value: str) -> str:
    """One thing that an event is about, as it is asked for: `tag:chips`, without NUL, which is not stored."""
    return f"{name}:{value}".replace("\0", "")


@lru_cache(maxsize=16_384)
def _facets(
    pairs: Sequence[str], countries: Sequence[str], initiators: Sequence[str], traits: Sequence[str | None]
) -> tuple[str, ...]:
    """Between whom it was and of what kind. They hold no NUL: no text of an event does, but for its attributes."""
    return (
        *(f"pair:{pair}" for pair in pairs),
        *(f"country:{code}" for code in countries),
        *(f"initiator:{code}" for code in initiators),
        *(f"{name}:{value}" for name, value in zip(_TRAITS, traits, strict=True) if value is not None),
    )


def _spellings(event: EventFields) -> dict[str, str]:
    spellings = {f"tag:{tag}": tag for tag in event.tags}
    for actor in event.actors:
        spellings.setdefault(f"actor:{fold_name(actor.name)}", actor.name)
    for source in event.sources:
        if source.publisher is not None:
            spellings.setdefault(f"publisher:{fold_name(source.publisher)}", source.publisher)
    return spellings


def _texts(event: EventFields) -> list[tuple[str, str]]:
    """Title first (weight A), then tags and actors (B), then the summary (D)."""
    texts = [(event.title, "A")]
    texts += [(tag, "B") for tag in event.tags]
    texts += [(actor.name, "B") for actor in event.actors]
    texts.append((event.summary or "", ""))
    return texts


class Revised(Protocol):
    """The row of a revision, as far as its document needs it."""

    @property
    def event_id(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def partition(self) -> int: ...
    @property
    def from_offset(self) -> int: ...
    @property
    def until_offset(self) -> int | None: ...
    @property
    def action(self) -> str: ...
    @property
    def first_accepted_at(self) -> datetime: ...


def document_row(made: Revised, document: SearchDocument) -> DocumentRow:
    """The row of a document by that of its revision."""
    entry = document.entry
    kind, valence, domain, _, sources, goldstein = entry.traits
    return make_row(DocumentRow, (
        made.event_id, made.revision, made.partition, made.from_offset, made.until_offset, made.action == "retracted",
        entry.span, entry.earliest, entry.latest, made.first_accepted_at,
        kind, valence, domain, sources, goldstein, document.facets, document.vector,
    ))  # fmt: skip
