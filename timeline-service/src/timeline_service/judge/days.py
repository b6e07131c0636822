"""Days as they are stored and sorted: open ends lie before and after all others."""

from datetime import date
from typing import Final


class _BeforeAll(date):
    """A day before the first one that there is: `date` has none that is free for an open start."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _BeforeAll)

    def __ne__(self, other: object) -> bool:  # that of `date` compares days, whatever __eq__ says
        return not isinstance(other, _BeforeAll)

    def __hash__(self) -> int:
        return hash(_BeforeAll)

    def __lt__(self, other: date) -> bool:
        return not isinstance(other, _BeforeAll)

    def __le__(self, other: date) -> bool:
        return True

    def __gt__(self, other: date) -> bool:
        return False

    def __ge__(self, other: date) -> bool:
        return isinstance(other, _BeforeAll)


#: An open or unknown start, and an open or unknown end: no event's date reaches into the year 9999.
OPEN_START: Final[date] = _BeforeAll(1, 1, 1)
OPEN_END: Final = date.max
_WRITTEN_START: Final = "-infinity"


def write_day(day: date) -> str:
    """A stored day as text."""
    return _WRITTEN_START if day == OPEN_START else day.isoformat()


def read_day(text: str) -> date:
    """The day that `write_day` wrote; raises ValueError."""
    return OPEN_START if text == _WRITTEN_START else date.fromisoformat(text)
