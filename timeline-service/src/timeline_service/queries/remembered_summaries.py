"""Summaries that were made before, by what determines them: what pages show of a pair again and again."""

from collections import OrderedDict
from typing import Final

from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import ReadPoint
from timeline_service.queries.views.summaries import SummaryView

_MOST: Final = 512


class RememberedSummaries:
    """The summaries that were asked for last, so many of them.

    The read point is the least one at which the pair reads so (`PostgresReader.narrow`), so one that is here is true.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[ReadPoint, Selection], SummaryView] = OrderedDict()

    def find(self, at: ReadPoint, selection: Selection) -> SummaryView | None:
        """The summary, if it is remembered."""
        held = self._held.get((at, selection))
        if held is not None:
            self._held.move_to_end((at, selection))
        return held

    def keep(self, at: ReadPoint, selection: Selection, summary: SummaryView) -> None:
        """Remember a summary; the one that nobody has asked for longest goes where there are too many."""
        self._held[at, selection] = summary
        while len(self._held) > _MOST:
            self._held.popitem(last=False)
