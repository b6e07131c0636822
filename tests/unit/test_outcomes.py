"""Which records a question about outcomes and problems means."""

from itertools import chain, combinations
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timeline_service.domain.outcomes import ALL_PROBLEMS, OUTCOMES, PROBLEMS, RecordSelection
from timeline_service.judge.batch import BEHIND
from timeline_service.judge.decoding import FAILED, MALFORMED, UNKNOWN_VERSION, UNSIGNED
from timeline_service.judge.fold import Outcome, Problem


def test_every_outcome_and_problem_that_the_judge_knows_can_be_asked_for() -> None:
    assert {*get_args(Outcome)} <= {*OUTCOMES}
    assert {*get_args(Problem), MALFORMED, UNSIGNED} == {*PROBLEMS["rejected"]}
    assert {UNKNOWN_VERSION, FAILED, BEHIND} == {*PROBLEMS["parked"]}


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    every = chain.from_iterable(combinations(values, count) for count in range(len(values) + 1))
    return st.sampled_from(list(every))


@given(some(OUTCOMES), some(ALL_PROBLEMS))
def test_a_selection_holds_what_has_one_of_each(outcomes: tuple[str, ...], problems: tuple[str, ...]) -> None:
    found = RecordSelection.of(outcomes, problems, None, None)
    for outcome in OUTCOMES:
        for problem in PROBLEMS[outcome] or (None,):
            wanted = outcome in (outcomes or OUTCOMES[1:]) and (not problems or problem in problems)
            if outcome == "applied":
                assert found.applied == wanted
            else:
                assert (found.kinds is None or (problem or outcome) in found.kinds) == wanted


@pytest.mark.parametrize(
    ("outcomes", "kinds"), [((), None), (OUTCOMES, None), (("applied",), ()), (("duplicate",), ("duplicate",))]
)
def test_kinds_are_named_where_not_all_are_asked_for(outcomes: tuple[str, ...], kinds: tuple[str, ...] | None) -> None:
    assert RecordSelection.of(outcomes, (), None, None).kinds == kinds
