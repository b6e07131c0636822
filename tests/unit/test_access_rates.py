import os

from service_edge.access.rates import OwnBuckets, Rate
from service_edge.access.shared_buckets import SharedBuckets


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
    buckets = OwnBuckets()
    rate = Rate(1, Clock(), buckets)
    for number in range(20_000):
        assert rate.take(number) == 0.0
    assert len(buckets._buckets) == 10_000
    assert rate.take(19_999) == 60.0
    assert rate.take(0) == 0.0


def test_shared_buckets_count_as_own_ones_do() -> None:
    clock = Clock()
    rates = [Rate(60, clock, buckets) for buckets in (OwnBuckets(), SharedBuckets())]
    for number in range(2_000):
        clock.now += 0.1
        own, shared = (rate.take(number % 7, number % 5) for rate in rates)
        assert own == shared
        assert rates[0].take_some("some", number % 9) == rates[1].take_some("some", number % 9)


def test_of_shared_buckets_the_least_recent_are_forgotten() -> None:
    clock = Clock()
    rate = Rate(1, clock, SharedBuckets())
    for number in range(50_000):
        clock.now += 1e-6
        assert rate.take(number) == 0.0
    assert rate.take(49_999) > 59
    assert rate.take(0) == 0.0


def test_processes_that_were_forked_share_them() -> None:
    rate = Rate(1_000, buckets=SharedBuckets())
    children = []
    for _ in range(4):
        child = os.fork()
        if not child:
            os._exit(sum(rate.take_some("ada", 1) for _ in range(400)) // 10)
        children.append(child)
    taken = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert sum(taken) in range(96, 110), taken
