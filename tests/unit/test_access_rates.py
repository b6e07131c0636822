from service_edge.access.rates import Rate


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_is_there_at_once_and_comes_again_as_time_goes_on() -> None:
    clock = Clock()
    rate = Rate(60, clock)
    assert [rate.take("ada") for _ in range(60)] == [0.0] * 60
    assert rate.take("ada") == 1.0
    assert rate.take("bob") == 0.0
    clock.now += 0.5
    assert rate.take("ada") == 0.5
    clock.now += 0.5
    assert (rate.take("ada"), rate.take("ada")) == (0.0, 1.0)
    clock.now += 3_600
    assert (rate.take("ada", 60), rate.take("ada")) == (0.0, 1.0)


def test_more_than_a_minutes_worth_is_taken_from_a_full_bucket_and_waited_off() -> None:
    clock = Clock()
    rate = Rate(60, clock)
    assert rate.take("ada", 180) == 0.0
    assert rate.wait("ada") == 121.0
    clock.now += 121
    assert (rate.take("ada"), rate.take("ada")) == (0.0, 1.0)


def test_some_are_taken_where_not_all_are_there() -> None:
    clock = Clock()
    rate = Rate(60, clock)
    assert (rate.take_some("ada", 50), rate.take_some("ada", 50), rate.take_some("ada", 50)) == (50, 10, 0)
    clock.now += 2.5
    assert (rate.wait("ada", 2), rate.take_some("ada", 50), rate.wait("ada", 100)) == (0.0, 2, 59.5)


def test_so_many_are_remembered_and_the_least_recent_forgotten() -> None:
    rate = Rate(1, Clock())
    for number in range(20_000):
        assert rate.take(number) == 0.0
    assert len(rate._buckets) == 10_000
    assert rate.take(19_999) == 60.0
    assert rate.take(0) == 0.0
