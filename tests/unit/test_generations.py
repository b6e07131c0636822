import pytest

from timeline_service.domain.generations import Reached, are_level


@pytest.mark.parametrize(
    ("made", "live", "expected"),
    [
        (Reached(0, 5, 5), Reached(0, 5, 5), True),
        (Reached(0, 6, 5), Reached(0, 5, 5), True),
        (Reached(0, 4, 4), Reached(0, 5, 4), False),
        (Reached(0, 5, 3), Reached(0, 5, 4), False),
        (Reached(0, 5, 4), Reached(0, 5, 4), True),  # the live one's own documents are behind
        (Reached(0, 5, 5), Reached(0, 5, 9), True),  # documents beyond their rows are nothing to wait for
    ],
)
def test_a_generation_is_level_where_it_lacks_no_record_and_no_document(
    made: Reached, live: Reached, expected: bool
) -> None:
    assert are_level([made], [live], ()) is expected


def test_a_partition_that_is_not_there_stands_at_its_beginning() -> None:
    assert not are_level([], [Reached(0, 1, 0)], ())
    assert are_level([], [Reached(0, 0, 0)], ())


def test_partitions_beyond_the_logs_end_are_not_waited_for() -> None:
    made, live = [Reached(0, 5, 5)], [Reached(0, 5, 5), Reached(1, 3, 3)]
    assert not are_level(made, live, ())
    assert are_level(made, live, {1})
