"""What became of each row: every one ends in exactly one place, so that the parts add up to the whole."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Tally:
    """Counts of rows, and of the events that they became: one for each row, or for several that were merged.

    `dropped` are rows that are none of our events, by reason; `unreadable` those that nobody could read, by reason. Of
    `unknown` ones nobody knows whether they were recorded.
    """

    rows: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    recorded: int = 0
    recorded_rows: int = 0
    refused: int = 0
    refused_rows: int = 0
    unknown: int = 0
    unknown_rows: int = 0

    @property
    def waiting_rows(self) -> int:
        """How many rows have not ended anywhere, because something came between."""
        ended = self.recorded_rows + self.refused_rows + self.unknown_rows
        return self.rows - ended - self.dropped.total() - self.unreadable.total()

    def summary(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "rows": self.rows,
            "recorded": {"events": self.recorded, "rows": self.recorded_rows},
            "refused": {"events": self.refused, "rows": self.refused_rows},
            "unknown": {"events": self.unknown, "rows": self.unknown_rows},
            "not_posted": {"rows": self.waiting_rows},
            "dropped": dict(self.dropped.most_common()),
            "unreadable": dict(self.unreadable.most_common()),
        }

    def lines(self) -> list[tuple[int, str]]:
        """All of it, for people: how many rows, and what became of them; without what is none."""
        lines = [
            (self.recorded_rows, f"recorded, as {_events(self.recorded)}"),
            (self.refused_rows, f"refused, as {_events(self.refused)}"),
            (self.unknown_rows, f"unknown whether recorded, as {_events(self.unknown)}"),
            (self.waiting_rows, "not posted"),
            *((count, f"dropped: {reason}") for reason, count in self.dropped.most_common()),
            *((count, f"unreadable: {reason}") for reason, count in self.unreadable.most_common()),
        ]
        return [(count, words) for count, words in lines if count]


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count} events"
