"""Bins: which step fits a width, and which days a bin holds."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timeline_service.domain.bins import MAX_BINS, Step, step_for

DAYS = st.dates(date(1, 1, 1), date(9998, 12, 31))


@pytest.mark.parametrize(
    ("first", "last", "width", "step"),
    [
        (date(2020, 1, 1), date(2020, 3, 1), 1000, Step(0, 1)),
        (date(2020, 1, 1), date(2022, 12, 31), 1000, Step(0, 7)),
        (date(2010, 1, 1), date(2019, 12, 31), 1000, Step(1, 1)),
        (date(1970, 1, 1), date(2026, 12, 31), 1000, Step(3, 1)),
        (date(1950, 1, 1), date(2026, 12, 31), 390, Step(12, 1)),
        (date(1, 1, 1), date(9998, 12, 31), 100, Step(6000, 1)),
        (date(2020, 1, 1), date(2020, 1, 1), 100, Step(0, 1)),
    ],
)
def test_the_finest_step_that_fits(first: date, last: date, width: int, step: Step) -> None:
    assert step_for(first, last, width) == step


@given(DAYS, DAYS, st.integers(100, 10_000))
def test_bins_are_never_too_many_nor_too_thin(one: date, other: date, width: int) -> None:
    first, last = sorted((one, other))
    step = step_for(first, last, width)
    whole = ((last - first).days + 1) / step.about_days
    assert whole <= MAX_BINS - 2
    assert whole <= max(width / 4, 1)


@given(
    st.sampled_from([Step(0, 1), Step(0, 7), Step(1, 1), Step(3, 1), Step(12, 1), Step(24, 1)]), st.integers(12, 4990)
)
def test_bins_follow_each_other(step: Step, number: int) -> None:
    first, last = step.bounds(number)
    following, _ = step.bounds(number + 1)
    assert first <= last
    assert (following - last).days == 1


@given(DAYS, DAYS, st.integers(100, 10_000))
def test_the_bins_between_two_days_hold_both(one: date, other: date, width: int) -> None:
    first, last = sorted((one, other))
    bins = step_for(first, last, width).between(first, last)
    assert len(bins) <= MAX_BINS
    assert bins[0][0] <= first <= bins[0][1]
    assert bins[-1][0] <= last <= bins[-1][1]


def test_bins_are_those_of_the_calendar() -> None:
    assert Step(0, 7).bounds((date(2026, 11, 30) - date.min).days // 7) == (date(2026, 11, 30), date(2026, 12, 6))
    assert Step(3, 1).bounds((2020 * 12 + 5) // 3) == (date(2020, 4, 1), date(2020, 6, 30))
    assert Step(6000, 1).bounds(19) == (date(9500, 1, 1), date.max)
    assert Step(6000, 1).bounds(0) == (date.min, date(499, 12, 31))
    assert Step(120, 1).bounds(202) == (date(2020, 1, 1), date(2029, 12, 31))
