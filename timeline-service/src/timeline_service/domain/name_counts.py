"""How many events name each tag, actor and publisher, counted as documents are made."""

from collections.abc import Sequence
from typing import NamedTuple

from timeline_service.domain.search_documents import SearchDocument


class NameCountRow(NamedTuple):
    """A name's count as its table holds it."""

    partition: int
    facet: str
    spelling: str
    spelled_at: int
    events: int


class NameCounts:
    """The names of revisions, and how many events have each now.

    A name that no event has any longer stays, with its spelling in the first record that had it.
    """

    def __init__(self) -> None:
        self._counted: dict[str, tuple[int, str, int]] = {}

    def add(self, document: SearchDocument, offset: int, events: int) -> None:
        """Count the names of a revision whose record stands at an offset; it is so many events now: one, or none."""
        for facet, spelling in document.spellings.items():
            if (before := self._counted.get(facet)) is None:
                self._counted[facet] = (offset, spelling, events)
                continue
            spelled_at, spelled, counted = before
            if offset < spelled_at:
                spelled_at, spelled = offset, spelling
            self._counted[facet] = (spelled_at, spelled, counted + events)

    def rows(self, partition: int) -> Sequence[NameCountRow]:
        """The counts of a partition."""
        return [
            NameCountRow(partition, facet, spelling, spelled_at, events)
            for facet, (spelled_at, spelling, events) in self._counted.items()
        ]
