"""Bins: stretches of time of one step, in which events are counted where there are too many to be told apart."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MAX_BINS: Final = 400
#: A bar and the gap beside it, in pixels.
_BAR: Final = 4


@dataclass(frozen=True, slots=True)
class Step:
    """The width of bins: so many months, or else days, counted from the first day that there is, a Monday."""

    months: int
    days: int

    @property
    def about_days(self) -> float:
        """How many days it has, on average."""
        return self.months * 30.436875 if self.months else self.days

    def bounds(self, number: int) -> tuple[date, date]:
        """The first and the last day of a bin, by its number, as far as there are days."""
        following = self._first(number + 1)
        return self._first(number), following - timedelta(days=1) if following < date.max else following

    def between(self, first: date, last: date) -> list[tuple[date, date]]:
        """The bounds of the bins that reach into these days, in order."""
        return [self.bounds(number) for number in range(self._number(first), self._number(last) + 1)]

    def _number(self, day: date) -> int:
        if self.months:
            return (12 * day.year + day.month - 1) // self.months
        return (day - date.min).days // self.days

    def _first(self, number: int) -> date:
        if not self.months:
            return date.min + timedelta(days=number * self.days)
        year, month = divmod(number * self.months, 12)
        return date.min if year < 1 else date(year, month + 1, 1) if year <= date.max.year else date.max


#: Days, weeks, months, quarters, years, and so on.
_STEPS: Final = (
    *(Step(0, days) for days in (1, 7)),
    *(Step(months, 1) for months in (1, 3)),
    *(Step(12 * years, 1) for years in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
)


def step_for(first: date, last: date, width: int) -> Step:
    """The finest step whose bins, of which each is seen, go into a width of so many pixels, and are not too many."""
    most = max(1, min(MAX_BINS - 2, width // _BAR))  # the first and the last may be cut
    days = (last - first).days + 1
    return next((step for step in _STEPS if days / step.about_days <= most), _STEPS[-1])
