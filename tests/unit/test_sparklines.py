from hypothesis import given
from hypothesis import strategies as st

from timeline_service.queries.views.summaries import YearView
from timeline_service.web.sparklines import HALF, WIDTH, sparkline

COUNTS = st.integers(0, 5_000)
YEARS = st.dictionaries(st.one_of(st.none(), st.integers(1, 9998)), st.tuples(COUNTS, COUNTS), max_size=40)


def year(number: int | None, cooperative: int = 0, conflictual: int = 0) -> YearView:
    return {"year": number, "cooperative": cooperative, "neutral": 0, "conflictual": conflictual, "none": 0}


def test_cooperation_stands_above_the_line_and_conflict_hangs_below() -> None:
    picture = sparkline([year(1950, 1), year(1962, 0, 2)], 1950, 1969)
    above, below = picture.bars
    assert (above.kind, below.kind) == ("cooperative", "conflictual")
    assert above.y + above.height < HALF < below.y
    assert above.height < below.height
    assert below.x - above.x == 12 * WIDTH / 20
    assert picture.words == "1 cooperative, 2 conflictual, 1950–1969"


def test_nothing_is_drawn_of_nothing() -> None:
    assert sparkline([], 0, 0).bars == ()
    assert sparkline([year(None, 3)], 1950, 1960).bars == ()


@given(YEARS, st.data())
def test_bars_stay_in_the_picture_and_can_be_seen(
    counts: dict[int | None, tuple[int, int]], data: st.DataObject
) -> None:
    first = data.draw(st.integers(1, 9998))
    last = data.draw(st.integers(first, 9998))
    picture = sparkline([year(number, *pair) for number, pair in counts.items()], first, last)
    for bar in picture.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH + 0.01
        assert bar.y >= 0
        assert bar.y + bar.height <= 2 * HALF
        assert bar.width >= 2
        assert bar.height >= 2
