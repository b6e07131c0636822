from datetime import date

import pytest

from event_schemas.dates import parse_when
from timeline_service.domain.entries import Standing, span_class, standing, standing_of_content


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


def test_open_ends_are_stored_as_the_extremes() -> None:
    assert standing("2020/..", ["CHN", "IND"], None) == Standing(("CHN-IND",), 3, date(2020, 1, 1), date.max)
    assert standing("../2020", ["CHN", "IND"], None) == Standing(("CHN-IND",), 3, date.min, date(2020, 12, 31))


def test_the_first_day_of_all_is_not_an_open_end() -> None:
    stands = standing("0001-01-01", ["CHN", "IND"], None)
    assert date.min < stands.earliest == stands.latest < standing("0001-01-03", ["CHN", "IND"], None).earliest


def test_content_has_the_standing_of_its_fields() -> None:
    content = '{"countries":["CHN","IND","USA"],"initiators":["USA"],"title":"t","type":"ban","when":"2020-05"}'
    expected = Standing(("CHN-USA", "IND-USA"), 1, date(2020, 5, 1), date(2020, 5, 31))
    assert standing_of_content(content) == expected
