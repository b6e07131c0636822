import pytest

from timeline_service.judge.breaker import WINDOW, Breaker, nearly_all

GOOD, BAD = [False], [True]


@pytest.mark.parametrize(
    ("failing", "records", "too_many"),
    [
        (49, 49, False),
        (50, 50, True),
        (45, 50, False),
        (46, 50, True),
        (50, 0, True),
        (49, 0, False),
        (180, 200, False),
    ],
)
def test_nearly_all_is_more_than_nine_of_ten_and_of_fifty_at_least(failing: int, records: int, too_many: bool) -> None:
    assert nearly_all(failing, records) is too_many


def test_a_breaker_begins_with_what_there_was_before() -> None:
    assert Breaker({}).trips(0, BAD * 50)
    assert not Breaker({0: GOOD * WINDOW}).trips(0, BAD * 180)
    assert Breaker({0: GOOD * WINDOW}).trips(0, BAD * 181)
    assert Breaker({0: BAD * 49}).trips(0, BAD)
    assert not Breaker({0: BAD * 49}).trips(1, BAD)


def test_only_the_last_records_count() -> None:
    breaker = Breaker({0: BAD * WINDOW})
    breaker.note(0, GOOD * 21)
    assert not breaker.trips(0, BAD)
    breaker.note(0, BAD * 40)
    assert breaker.trips(0, BAD * 141)
