"""When records count as recorded."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from timeline_service.judge.recording_times import NEVER, instant_of, milliseconds_of, recorded_ms

MILLISECONDS = st.integers(0, milliseconds_of(datetime(9998, 12, 31, tzinfo=UTC)))


@given(st.lists(MILLISECONDS))
def test_times_never_step_back_and_change_only_where_the_clock_did(appended: list[int]) -> None:
    recorded = NEVER
    for index, time in enumerate(appended):
        recorded = recorded_ms(time, recorded)
        assert recorded == max(appended[: index + 1])


@given(MILLISECONDS)
def test_an_instant_is_that_of_its_milliseconds(milliseconds: int) -> None:
    assert milliseconds_of(instant_of(milliseconds)) == milliseconds
