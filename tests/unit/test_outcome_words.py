from timeline_service.domain.outcomes import ALL_KINDS, PROBLEMS
from timeline_service.web.outcome_words import meaning_of


def test_every_problem_and_outcome_is_said_in_words() -> None:
    for outcome, problems in PROBLEMS.items():
        for problem in problems or (None,):
            assert meaning_of(outcome, problem), (outcome, problem)
    assert len({meaning_of("rejected", kind) for kind in ALL_KINDS if kind != "duplicate"}) == len(ALL_KINDS) - 1
