"""What can become of a record, and why: outcomes and problems, and which of them are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

#: Each outcome with its problems. An outcome without a problem is a kind by itself.
PROBLEMS: Final[Mapping[str, tuple[str, ...]]] = {
    "applied": (),
    "duplicate": (),
    "rejected": (
        "conflict",
        "stale-revision",
        "unknown-event",
        "already-retracted",
        "retracted",
        "no-change",
        "malformed",
        "unsigned",
    ),
    "parked": ("unknown-version", "failed", "behind-parked"),
}
OUTCOMES: Final = tuple(PROBLEMS)
ALL_PROBLEMS: Final = tuple(problem for problems in PROBLEMS.values() for problem in problems)
_APPLIED: Final = "applied"
#: The problems, and the outcomes that have none, of records that were not applied.
ALL_KINDS: Final = tuple(kind for name in OUTCOMES[1:] for kind in PROBLEMS[name] or (name,))


@dataclass(frozen=True, slots=True)
class RecordSelection:
    """Records by what became of them. `kinds` are problems, or outcomes that have none; None: all but applied ones.

    `principal`: whoever has written them; None: anybody. `batch`: their load; None: of any, or of none.
    """

    applied: bool
    kinds: tuple[str, ...] | None
    principal: str | None
    batch: str | None

    @classmethod
    def of(
        cls, outcomes: Sequence[str], problems: Sequence[str], principal: str | None, batch: str | None
    ) -> "RecordSelection":
        """Records with one of the outcomes and of the problems, where any are given; else all but applied ones."""
        chosen = set(outcomes) or {*OUTCOMES} - {_APPLIED}
        if not problems and {*OUTCOMES} - {_APPLIED} <= chosen:
            return cls(_APPLIED in chosen, None, principal, batch)
        kinds = (kind for name in OUTCOMES if name in chosen - {_APPLIED} for kind in PROBLEMS[name] or (name,))
        asked = tuple(kind for kind in kinds if not problems or kind in problems)
        return cls(_APPLIED in chosen and not problems, asked, principal, batch)
