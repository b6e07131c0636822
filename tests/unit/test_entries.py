import pickle
from datetime import date
from typing import Any

import pytest

from event_schemas.countries import all_countries
from event_schemas.dates import parse_when
from event_schemas.event_fields import fields_of
from timeline_service.judge import entries
from timeline_service.judge.days import OPEN_END, OPEN_START, read_day, write_day
from timeline_service.judge.entries import TimelineEntry, event_content, span_class, timeline_entry


@pytest.mark.parametrize(
    ("when", "span"),
    [
        ("2020-02-29", 0),
        ("2020-02", 1),
        ("2020-01-01/2020-02-01", 1),
        ("2020-01-01/2020-02-02", 2),
        ("2020-21", 2),
        ("2020-33", 2),
        ("2020", 2),
        ("2020-01-01/2021-01-01", 2),
        ("2020-01-01/2021-01-02", 3),
        ("201X", 3),
        ("20XX", 3),
        ("2020/..", 3),
        ("../2020", 3),
        ("2020/", 3),
        ("/2020-01-01", 3),
    ],
)
def test_a_span_class_holds_what_is_at_most_so_wide(when: str, span: int) -> None:
    assert span_class(parse_when(when)) == span


def stands(when: str, **fields: Any) -> TimelineEntry:
    """The standing of an event between China and India."""
    said = {name: value for name, value in fields.items() if value is not None}
    return timeline_entry(fields_of({"title": "t", "when": when, "countries": ["CHN", "IND"], "type": "ban", **said}))


def test_open_ends_are_stored_as_the_extremes() -> None:
    assert (stands("2020/..").earliest, stands("2020/..").latest) == (date(2020, 1, 1), OPEN_END)
    assert (stands("../2020").earliest, stands("../2020").latest) == (OPEN_START, date(2020, 12, 31))
    assert stands("2020/..").span == stands("../2020").span == 3


def test_the_first_day_of_all_is_itself_and_not_an_open_start() -> None:
    first, second = stands("0001-01-01"), stands("0001-01-02")
    assert first.earliest == first.latest == date(1, 1, 1)
    assert OPEN_START < first.earliest < second.earliest < OPEN_END
    assert first.earliest > OPEN_START != first.earliest
    days = [first.earliest, second.earliest, OPEN_START, OPEN_END]
    assert sorted(days) == [OPEN_START, date(1, 1, 1), date(1, 1, 2), date.max]
    assert min(days) == OPEN_START == max([OPEN_START, OPEN_START])
    assert [read_day(write_day(day)) for day in days] == days
    assert pickle.loads(pickle.dumps(OPEN_START)) == OPEN_START


@pytest.mark.parametrize(
    ("initiators", "pairs", "directions"),
    [
        (None, ("CHN-IND", "CHN-USA", "IND-USA"), (0, 0, 0)),
        (["USA"], ("CHN-USA", "IND-USA"), (2, 2)),
        (["CHN"], ("CHN-IND", "CHN-USA"), (1, 1)),
        (["CHN", "USA"], ("CHN-IND", "IND-USA"), (1, 2)),
    ],
)
def test_a_pair_knows_who_acted(initiators: list[str] | None, pairs: tuple[str], directions: tuple[int]) -> None:
    found = stands("2020", countries=["CHN", "IND", "USA"], initiators=initiators)
    assert (found.pairs, found.directions) == (pairs, directions)


def test_a_type_gives_its_valence_unless_the_event_says_otherwise() -> None:
    assert stands("2020").traits[:2] == ("ban", "conflictual")
    assert stands("2020", valence="neutral").traits[:2] == ("ban", "neutral")
    assert stands("2020", type="other").traits[:2] == ("other", None)


def test_content_has_the_standing_of_its_fields() -> None:
    content = (
        '{"countries":["CHN","IND","USA"],"domain":"trade","goldstein":-3,"initiators":["USA"],'
        '"sources":[{"url":"https://a.example"},{"url":"https://b.example"}],'
        '"stage":"ended","title":"t","type":"ban","valence":"conflictual","when":"2020-05"}'
    )
    expected = TimelineEntry(
        ("CHN-USA", "IND-USA"),
        1,
        date(2020, 5, 1),
        date(2020, 5, 31),
        (2, 2),
        ("ban", "conflictual", "trade", "ended", 2, -3.0),
    )
    assert event_content(content).entry == expected


def test_only_the_pairs_of_few_countries_are_remembered() -> None:
    before = entries._pairs.cache_info().currsize
    codes = [code for code, _ in all_countries()]
    for start in range(50):
        stands("2020", countries=sorted(codes[start : start + 60]))
    assert entries._pairs.cache_info().currsize == before
    stands("2020", countries=["CHN", "IND", "USA"])
    assert entries._pairs.cache_info().currsize <= before + 1
