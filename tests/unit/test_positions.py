import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_schemas.positions import (
    PositionError,
    format_positions,
    parse_position,
    parse_positions,
)


@given(st.dictionaries(st.integers(0, 10**6), st.integers(0, 10**15)))
def test_a_list_of_positions_survives_the_round_trip(offsets: dict[int, int]) -> None:
    assert parse_positions(format_positions(offsets)) == offsets


@pytest.mark.parametrize("text", ["", "3", "3:", "a:1", "-1:2", "1:-2", "01:2", "1:2:3", "1:２"])
def test_refuses_what_is_not_a_position(text: str) -> None:
    with pytest.raises(PositionError, match="partition:offset"):
        parse_position(text)


@pytest.mark.parametrize(("text", "said"), [("1:2,1:3", "stands twice"), ("1:2,,3:4", "empty entry")])
def test_refuses_a_list_that_is_unclear(text: str, said: str) -> None:
    with pytest.raises(PositionError, match=said):
        parse_positions(text)
