"""The plans of a soak's trials."""

from tests.faults.soak.__main__ import plan_of, read_arguments


def test_trials_have_each_kind_of_arena_in_turn_and_seeds_one_after_the_other() -> None:
    plans = [plan_of(read_arguments(["--seed", "7"]), 7, number, 60) for number in range(4)]
    assert [plan.seed for plan in plans] == [7, 8, 9, 10]
    arenas = ["one broker", "3 brokers", "one broker, PostgreSQL with a standby", "one broker"]
    assert [plan.arena for plan in plans] == arenas


def test_an_arena_that_is_asked_for_is_that_of_all_trials() -> None:
    three = read_arguments(["--brokers", "3", "--standby", "--fault", "kill kafka", "--pace", "0.5"])
    for number in range(3):
        plan = plan_of(three, 1, number, 60)
        assert (plan.brokers, plan.standby, plan.names, plan.pace) == (3, True, ("kill kafka",), 0.5)
