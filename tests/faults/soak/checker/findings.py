"""What a check has found: lost, told or done twice, or wrong. Each finding is a sentence with ids and positions."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["lost", "twice", "wrong"]
#: Of each kind so many sentences are kept; how many there were in all is counted.
_MOST: Final = 100


@dataclass(slots=True)
class Findings:
    """All that is not as it was promised, and how much was looked at."""

    acknowledged: int = 0
    records: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    looked_at: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.counts.total()

    def add(self, kind: Kind, sentence: str) -> None:
        """Keep a finding, or only count it where there are too many."""
        self.counts[kind] += 1
        kept: list[str] = getattr(self, kind)
        if len(kept) < _MOST:
            kept.append(sentence)

    def told(self) -> dict[str, Any]:
        """As JSON: counts first, then the sentences."""
        return {
            "ok": self.ok,
            "acknowledged": self.acknowledged,
            "records": self.records,
            "counts": {kind: self.counts[kind] for kind in ("lost", "twice", "wrong")},
            "looked_at": dict(sorted(self.looked_at.items())),
            "lost": self.lost,
            "twice": self.twice,
            "wrong": self.wrong,
        }

    def __str__(self) -> str:
        sentences = [f"{kind}: {each}" for kind in ("lost", "twice", "wrong") for each in getattr(self, kind)]
        return "\n".join([f"{self.acknowledged} acknowledged, {self.records} records", *sentences])
