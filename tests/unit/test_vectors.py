import pytest

from event_schemas.positions import parse_positions
from timeline_service.domain.vectors import OffsetVector, reached, timeline_position, vector_of


def test_a_partition_of_which_nothing_is_known_stands_at_its_beginning() -> None:
    assert vector_of({2: 5, 0: 1}, 4) == (1, 0, 5, 0)


@pytest.mark.parametrize(
    ("vector", "positions", "expected"),
    [
        ((3, 0), {0: 2}, True),
        ((3, 0), {0: 3}, False),
        ((3, 0), {1: 0}, False),
        ((3, 1), {0: 2, 1: 0}, True),
        ((), {}, True),
    ],
)
def test_positions_are_inclusive(vector: OffsetVector, positions: dict[int, int], expected: bool) -> None:
    assert reached(vector, positions) is expected


def test_an_answers_position_is_reached_by_its_own_vector() -> None:
    vector = (3, 0, 17)
    assert timeline_position(vector) == "0:2,2:16"
    assert reached(vector, parse_positions(timeline_position(vector)))
