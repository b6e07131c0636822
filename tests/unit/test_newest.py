"""Pages of the newest rows of partitions, against one sort of all rows."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from timeline_service.domain.newest import fair_share, is_whole, place_behind
from timeline_service.domain.vectors import OffsetVector


class Row(NamedTuple):
    """A row of a log whose partitions' clocks never step back."""

    recorded_at: int
    partition: int
    place: int


@st.composite
def logs(draw: st.DrawFn) -> list[list[Row]]:
    """Some partitions, each with its rows in the order of its offsets; many share their time."""
    log = []
    for partition in range(draw(st.integers(1, 4))):
        times = sorted(draw(st.lists(st.integers(0, 9), max_size=60)))
        log.append([Row(time, partition, 2 * number) for number, time in enumerate(times)])
    return log


def page(log: list[list[Row]], before: OffsetVector, limit: int, share: int) -> list[Row]:
    """What a statement gives: of each partition so many, of all the newest."""
    found = [
        row
        for rows, end in zip(log, before, strict=True)
        for row in [row for row in rows if row.place < end][::-1][:share]
    ]
    return sorted(found, reverse=True)[:limit]


@given(logs(), st.integers(1, 50))
def test_pages_hold_every_row_once_and_newest_first(log: list[list[Row]], limit: int) -> None:
    place: OffsetVector = (1000,) * len(log)
    found: list[Row] = []
    while True:
        share = fair_share(limit, len(log))
        rows = page(log, place, limit, share)
        if not is_whole(rows, share):
            rows = page(log, place, limit, limit)
        found += rows
        if len(rows) < limit:
            break
        place = place_behind(place, rows)
    assert found == sorted((row for rows in log for row in rows), reverse=True)


@given(logs(), st.integers(1, 50))
def test_a_page_that_counts_as_whole_lacks_nothing(log: list[list[Row]], limit: int) -> None:
    place: OffsetVector = (1000,) * len(log)
    share = fair_share(limit, len(log))
    rows = page(log, place, limit, share)
    if is_whole(rows, share):
        assert rows == page(log, place, limit, limit)


def test_shares_are_fair_and_never_more_than_the_page() -> None:
    assert fair_share(51, 12) == 18
    assert fair_share(1001, 12) == 176
    assert fair_share(3, 12) == 3
    assert fair_share(51, 0) == 51
