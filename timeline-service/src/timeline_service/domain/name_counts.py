"""How many events name each tag, actor and publisher, counted while a partition is loaded."""

from collections.abc import Sequence
from typing import NamedTuple

from timeline_service.domain.search_documents import SearchDocument
from timeline_service.judge.rows import RevisionRow


class NameCountRow(NamedTuple):
    """A name's count as its table holds it."""

    partition: int
    facet: str
    spelling: str
    spelled_at: int
    events: int


class NameCounts:
    """The names of revisions whose ends are known, and how many events have each now.

    A name that no event has any longer stays, with its spelling in the first record that had it.
    """

    def __init__(self) -> None:
        self._counted: dict[str, tuple[int, str, int]] = {}

    def add(self, made: RevisionRow, document: SearchDocument) -> None:
        """Count a revision's names."""
        current = int(made.until_offset is None and made.action != "retracted")
        for facet, spelling in document.spellings.items():
            spelled_at, spelled, events = self._counted.get(facet, (made.from_offset, spelling, 0))
            if made.from_offset < spelled_at:
                spelled_at, spelled = made.from_offset, spelling
            self._counted[facet] = (spelled_at, spelled, events + current)

    def rows(self, partition: int) -> Sequence[NameCountRow]:
        """The counts of a partition."""
        return [
            NameCountRow(partition, facet, spelling, spelled_at, events)
            for facet, (spelled_at, spelling, events) in self._counted.items()
        ]
