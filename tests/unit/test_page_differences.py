from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from timeline_service.domain.changes import Change, changes_between
from timeline_service.domain.country_names import ENGLISH_NAMES
from timeline_service.web.differences import Piece, field_changes


def pieces(before: Any, after: Any, pointer: str = "/title") -> list[tuple[str, str]]:
    change: Change = {"pointer": pointer, "before": before, "after": after}
    [found] = field_changes(change, ENGLISH_NAMES)
    return [(piece.kind, piece.text) for piece in found.pieces]


def side(found: list[tuple[str, str]], kind: str) -> str:
    return "".join(text for each, text in found if each in {"same", kind})


def test_words_that_went_and_came_stand_beside_those_that_stay() -> None:
    assert pieces("Talks in Geneva, on trade", "Talks in Vienna, on trade") == [
        ("same", "Talks in "), ("gone", "Geneva"), ("new", "Vienna"), ("same", ", on trade"),
    ]  # fmt: skip


@given(*(st.text(st.sampled_from("ab ,.\n"), max_size=40) for _ in range(2)))
def test_a_difference_holds_both_texts(before: str, after: str) -> None:
    found = pieces(before, after)
    assert (side(found, "gone"), side(found, "new")) == (before, after)


def test_of_long_texts_the_words_around_a_change_are_shown() -> None:
    long = " ".join(f"w{number}" for number in range(400))
    [first, gone, new, last] = pieces(f"{long} old {long}", f"{long} new {long}")
    assert (gone, new) == (("gone", "old"), ("new", "new"))
    assert len(first[1]) < 100
    assert len(last[1]) < 100
    assert [kind for kind, _ in pieces("word " * 20_000, "other " * 20_000 + "end")] == ["gone", "new"]


def test_lists_say_what_went_and_what_came() -> None:
    assert pieces(["CHN", "IND"], ["IND", "PAK"], "/countries") == [("gone", "China"), ("new", "Pakistan")]
    assert pieces(None, ["chips"], "/tags") == [("new", "chips")]
    assert pieces(["b", "a"], ["a", "b"], "/tags") == [("same", "the order")]
    source = {"url": "https://example.org/", "title": "Talks"}
    assert pieces([], [source], "/sources") == [("new", "https://example.org/, Talks")]


def test_dates_types_and_numbers_are_told_as_they_are_elsewhere() -> None:
    assert pieces("2020", "2020-06", "/when") == [("gone", "2020 (2020)"), ("new", "June 2020 (2020-06)")]
    assert pieces("armed_clash", "ban", "/type") == [("gone", "armed clash"), ("new", "ban")]
    assert pieces(None, -2.5, "/goldstein") == [("new", "-2.5")]


def test_fields_within_objects_are_named_and_the_status_is_not_told() -> None:
    before = {"attributes": {"a/b": {"c": 1}}, "status": "current"}
    after = {"attributes": {"a/b": {"c": 2}}, "status": "retracted"}
    found = [each for change in changes_between(before, after) for each in field_changes(change, {})]
    assert [each.field for each in found] == ["attributes · a/b · c"]
    assert found[0].pieces == (Piece("gone", "1"), Piece("new", "2"))
