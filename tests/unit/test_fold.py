"""The contract's verdicts, in its order, as sentences."""

from datetime import timedelta

from tests.support.models.fold_sentences import (
    START,
    already_retracted,
    applied,
    conflict,
    corrected,
    duplicate,
    given,
    no_change,
    recorded,
    retracted,
    stale_revision,
    told_now,
    unknown_event,
    withdrawn,
)


def test_an_event_that_is_new_is_applied() -> None:
    given().when(recorded("a")).then(applied, revision=1).and_the_event_was("recorded").and_it_says("a")


def test_the_same_words_again_are_a_duplicate() -> None:
    given(recorded("a")).when(recorded("a")).then(duplicate, revision=1, of=1)


def test_words_of_any_revision_are_a_duplicate_of_it() -> None:
    given(recorded("a"), corrected("b"), corrected("c")).when(recorded("a")).then(duplicate, revision=1, of=1)
    given(recorded("a"), corrected("b"), corrected("c")).when(recorded("b")).then(duplicate, revision=2, of=2)
    given(recorded("a"), corrected("b"), corrected("a")).when(recorded("a")).then(duplicate, revision=1, of=1)
    given(recorded("a"), retracted()).when(recorded("a")).then(duplicate, revision=1, of=1)


def test_other_words_for_the_same_event_are_a_conflict() -> None:
    given(recorded("a")).when(recorded("b")).then(conflict, revision=1)
    given(recorded("a"), retracted()).when(recorded("b")).then(conflict, revision=2).and_it_says("a")
    given(recorded("a"), recorded("b")).when(recorded("b")).then(conflict, revision=1)


def test_what_is_not_there_is_neither_corrected_nor_retracted() -> None:
    given().when(corrected("a")).then(unknown_event)
    given().when(retracted(expecting=1)).then(unknown_event)
    given(corrected("a"), retracted()).when(recorded("a")).then(applied, revision=1).and_the_event_was("recorded")


def test_a_correction_is_the_next_revision() -> None:
    given(recorded("a")).when(corrected("b")).then(applied, revision=2).and_it_says("b")
    given(recorded("a"), corrected("b")).when(corrected("a")).then(applied, revision=3).and_it_says("a")


def test_a_record_that_was_applied_is_a_duplicate_whatever_it_expected() -> None:
    change = corrected("b", named="x", expecting=1)
    given(recorded("a"), change).when(change).then(duplicate, revision=2, of=2)
    given(recorded("a"), change, corrected("c")).when(change).then(duplicate, revision=2, of=2)
    given(recorded("a"), retracted(named="x")).when(retracted(named="x")).then(duplicate, revision=2, of=2)


def test_a_record_that_was_rejected_may_come_again() -> None:
    change = corrected("b", named="x", expecting=1)
    given(change, recorded("a")).when(change).then(applied, revision=2)
    change = corrected("b", named="x", expecting=2)
    given(recorded("a"), change, corrected("c")).when(change).then(applied, revision=3)


def test_of_two_with_one_expectation_the_first_wins() -> None:
    given(recorded("a")).when(corrected("b", expecting=1)).then(applied, revision=2)
    given(recorded("a"), corrected("b", expecting=1)).when(corrected("c", expecting=1)).then(stale_revision, revision=2)
    given(recorded("a"), corrected("b", expecting=1)).when(retracted(expecting=1)).then(stale_revision, revision=2)


def test_an_expectation_of_the_future_is_stale_too() -> None:
    given(recorded("a")).when(corrected("b", expecting=2)).then(stale_revision, revision=1)


def test_a_stale_expectation_is_named_before_what_else_is_wrong() -> None:
    given(recorded("a"), corrected("b")).when(corrected("b", expecting=1)).then(stale_revision, revision=2)
    given(recorded("a"), retracted()).when(retracted(expecting=1)).then(stale_revision, revision=2)


def test_what_is_retracted_is_not_retracted_again() -> None:
    given(recorded("a")).when(retracted()).then(applied, revision=2).and_the_event_was("recorded", "retracted")
    given(recorded("a"), retracted()).when(retracted()).then(already_retracted, revision=2)
    given(recorded("a"), retracted()).when(retracted(expecting=2)).then(already_retracted, revision=2)


def test_a_correction_in_the_current_words_changes_nothing() -> None:
    given(recorded("a")).when(corrected("a")).then(no_change, revision=1)
    given(recorded("a"), corrected("b")).when(corrected("b", expecting=2)).then(no_change, revision=2)


def test_a_correction_reinstates_what_was_retracted_also_in_the_same_words() -> None:
    (
        given(recorded("a"), retracted())
        .when(corrected("a"))
        .then(applied, revision=3)
        .and_the_event_was("recorded", "retracted", "reinstated")
        .and_it_says("a")
    )
    given(recorded("a"), retracted(), corrected("b")).when(corrected("b")).then(no_change, revision=3)
    (
        given(recorded("a"), retracted(), corrected("b"))
        .when(retracted())
        .then(applied, revision=4)
        .and_the_event_was("recorded", "retracted", "reinstated", "retracted")
        .and_it_says("b")
    )


def test_a_feed_that_says_how_things_are_records_what_is_new() -> None:
    given().when(told_now("a")).then(applied, revision=1).and_the_event_was("recorded").and_it_says("a")


def test_what_a_feed_says_anew_is_a_correction() -> None:
    (
        given(recorded("a"))
        .when(told_now("b"))
        .then(applied, revision=2)
        .and_the_event_was("recorded", "corrected")
        .and_it_says("b")
    )
    given(told_now("a"), corrected("b", expecting=1)).when(told_now("c")).then(applied, revision=3).and_it_says("c")


def test_what_a_feed_says_last_holds() -> None:
    (
        given(told_now("a"), told_now("b"))
        .when(told_now("a"))
        .then(applied, revision=3)
        .and_the_event_was("recorded", "corrected", "corrected")
        .and_it_says("a")
    )
    given(told_now("a", named="x"), told_now("b")).when(told_now("a", named="x")).then(applied, revision=3)
    given(recorded("a"), corrected("b")).when(told_now("a")).then(applied, revision=3).and_it_says("a")


def test_a_feed_that_says_the_same_again_is_a_duplicate_of_what_is_current() -> None:
    given(told_now("a")).when(told_now("a")).then(duplicate, revision=1, of=1)
    given(recorded("a")).when(told_now("a")).then(duplicate, revision=1, of=1)
    given(told_now("a"), told_now("b"), told_now("a")).when(told_now("a")).then(duplicate, revision=3, of=3)
    given(recorded("a"), retracted(), corrected("a")).when(told_now("a")).then(duplicate, revision=3, of=3)


def test_what_was_retracted_no_feed_brings_back() -> None:
    given(told_now("a"), retracted()).when(told_now("a")).then(withdrawn, revision=2)
    given(told_now("a"), retracted()).when(told_now("b")).then(withdrawn, revision=2).and_it_says("a")
    given(told_now("a"), retracted(), corrected("a")).when(told_now("b")).then(applied, revision=4).and_it_says("b")


def test_words_that_a_feed_has_corrected_are_still_known() -> None:
    given(told_now("a"), told_now("b")).when(recorded("a")).then(duplicate, revision=1, of=1)
    given(told_now("a"), told_now("b")).when(recorded("c")).then(conflict, revision=2)
    given(told_now("a"), told_now("b")).when(corrected("b")).then(no_change, revision=2)
    given(told_now("a"), told_now("b")).when(retracted(expecting=1)).then(stale_revision, revision=2)


def test_a_history_remembers_when_it_began() -> None:
    history = given(corrected("a"), recorded("a"), corrected("b")).history
    assert history is not None
    assert history.first_accepted_at == START + timedelta(seconds=2)
    assert history.first_recorded_at == START + timedelta(minutes=1)
