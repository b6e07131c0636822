"""What became of each row: every one ends in exactly one place, so that the parts add up to the whole."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from event_schemas.positions import format_positions

_ALL: Final = ("applied", "duplicate", "rejected", "parked")
#: An outcome, and the problem of those that have one.
Verdict = tuple[str, str]


@dataclass(slots=True)
class Tally:
    """Counts of rows, and of the events that they became: one for each row, or for several that were merged.

    `dropped` are rows that are none of our events, by reason; `unreadable` those that nobody could read, by reason. Of
    `unknown` ones nobody knows whether they were recorded; `reached` are the last offsets, by partition, of those that
    were. What became of these is counted once the projection has judged them: by outcome and problem, `events` and
    `judged_rows`.
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
    reached: dict[int, int] = field(default_factory=dict)
    events: Counter[Verdict] = field(default_factory=Counter)
    judged_rows: Counter[Verdict] = field(default_factory=Counter)

    def judge(self, outcome: str, problem: str, rows: int) -> None:
        """Count what became of a recorded event of so many rows."""
        self.events[outcome, problem] += 1
        self.judged_rows[outcome, problem] += rows

    @property
    def judged(self) -> int:
        """Of how many events it is known what became of them."""
        return self.events.total()

    @property
    def rejected(self) -> int:
        """How many were recorded and rejected."""
        return sum(count for (outcome, _), count in self.events.items() if outcome == "rejected")

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
            **({"outcomes": self.outcomes()} if self.judged else {}),
            "refused": {"events": self.refused, "rows": self.refused_rows},
            "unknown": {"events": self.unknown, "rows": self.unknown_rows},
            "not_posted": {"rows": self.waiting_rows},
            "dropped": dict(self.dropped.most_common()),
            "unreadable": dict(self.unreadable.most_common()),
            "timeline_position": format_positions(self.reached),
        }

    def outcomes(self) -> dict[str, Any]:
        """What became of the recorded ones as far as it is known, the rejected ones by problem."""
        counts = {
            outcome: sum(count for (kind, _), count in self.events.items() if kind == outcome) for outcome in _ALL
        }
        return {**counts, "problems": {problem: count for (_, problem), count in self._sorted(self.events) if problem}}

    def in_short(self) -> str:
        """The same in a line."""
        counts = self.outcomes()
        problems = ", ".join(f"{problem} {count}" for problem, count in counts.pop("problems").items())
        told = (f"{outcome} {count}" for outcome, count in counts.items())
        return ", ".join(told) + (f" ({problems})" if problems else "")

    def lines(self) -> list[tuple[int, str]]:
        """All of it, for people: how many rows, and what became of them; without what is none."""
        lines = [
            *(
                (rows, f"{outcome}{problem and f': {problem}'}, as {_events(self.events[outcome, problem])}")
                for (outcome, problem), rows in self._sorted(self.judged_rows)
            ),
            (
                self.recorded_rows - self.judged_rows.total(),
                f"recorded, as {_events(self.recorded - self.judged)}",
            ),
            (self.refused_rows, f"refused, as {_events(self.refused)}"),
            (self.unknown_rows, f"unknown whether recorded, as {_events(self.unknown)}"),
            (self.waiting_rows, "not posted"),
            *((count, f"dropped: {reason}") for reason, count in self.dropped.most_common()),
            *((count, f"unreadable: {reason}") for reason, count in self.unreadable.most_common()),
        ]
        return [(count, words) for count, words in lines if count]

    @staticmethod
    def _sorted(counts: Counter[Verdict]) -> list[tuple[Verdict, int]]:
        return sorted(counts.items(), key=lambda item: (_ALL.index(item[0][0]), -item[1], item[0][1]))


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count} events"
