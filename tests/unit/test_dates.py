from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_schemas.dates import PRECISIONS, DateFormatError, parse_when


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "precision"),
    [
        ("2020", "2020-01-01", "2020-12-31", "year"),
        ("2024-02", "2024-02-01", "2024-02-29", "month"),
        ("2026-02-13", "2026-02-13", "2026-02-13", "day"),
        ("0001", "0001-01-01", "0001-12-31", "year"),
        ("9998-12-31", "9998-12-31", "9998-12-31", "day"),
        ("2020/2021-06", "2020-01-01", "2021-06-30", "interval"),
        ("2020/..", "2020-01-01", None, "interval"),
        ("2020/", "2020-01-01", None, "interval"),
        ("../2020", None, "2020-12-31", "interval"),
        ("/2020", None, "2020-12-31", "interval"),
        ("201X", "2010-01-01", "2019-12-31", "decade"),
        ("19XX", "1900-01-01", "1999-12-31", "century"),
        ("2020-XX", "2020-01-01", "2020-12-31", "year"),
        ("2020-06-XX", "2020-06-01", "2020-06-30", "month"),
        ("2020-21", "2020-03-01", "2020-05-31", "season"),
        ("2020-23", "2020-09-01", "2020-11-30", "season"),
        ("2023-24", "2023-12-01", "2024-02-29", "season"),
        ("2020-33", "2020-01-01", "2020-03-31", "quarter"),
        ("2020-36", "2020-10-01", "2020-12-31", "quarter"),
        ("1978-22/198X", "1978-06-01", "1989-12-31", "interval"),
    ],
)
def test_a_date_has_strict_bounds(text: str, earliest: str | None, latest: str | None, precision: str) -> None:
    when = parse_when(text)
    assert when.earliest == (date.fromisoformat(earliest) if earliest else None)
    assert when.latest == (date.fromisoformat(latest) if latest else None)
    assert (when.text, when.precision) == (text, precision)


@pytest.mark.parametrize(
    ("text", "approximate", "uncertain"),
    [("2020", False, False), ("2020~", True, False), ("2020?", False, True), ("2020-06-29%", True, True)],
)
def test_a_qualifier_sets_flags_and_keeps_the_bounds(text: str, approximate: bool, uncertain: bool) -> None:
    when = parse_when(text)
    plain = parse_when(text.rstrip("~?%"))
    assert (when.approximate, when.uncertain) == (approximate, uncertain)
    assert (when.earliest, when.latest, when.precision) == (plain.earliest, plain.latest, plain.precision)


@pytest.mark.parametrize(
    "text",
    [
        "", " 2020", "2020 ", "20", "20200629", "2020-6", "2020-00", "2020-13", "2020-25", "2020-32", "2020-37",
        "2022-00-00", "2020-02-30", "2025-02-29", "1900-02-29", "2020-21-01", "2020-33-01", "201x", "2X20", "XXXX",
        "201X-05", "2020-XX-05", "2020-XX-XX", "0000", "000X", "00XX", "9999", "999X", "99XX", "9998-24",
        "-2020", "y20200", "2020~~", "~2020", "2020-~06", "2020/2019", "2020-06/2020-XX", "../..", "/", "../", "/..",
        "2020/2021/2022", "2020/...", "2020--06", "２０２０", "2020-06-29T00:00:00Z", "[2020,2021]", "unknown",
        "1981-09..1981-10", "last month", "2020\n", "2020-06\0",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(DateFormatError):
        parse_when(text)


def test_a_refusal_says_what_was_expected() -> None:
    with pytest.raises(DateFormatError, match="February 2025 has 28 days"):
        parse_when("2025-02-29")
    with pytest.raises(DateFormatError, match="ends before it starts"):
        parse_when("2020/2019")


days = st.dates(date(1, 1, 1), date(9998, 12, 31))
dates = st.one_of(
    days.map(date.isoformat),
    days.map(lambda day: day.isoformat()[:7]),
    days.map(lambda day: day.isoformat()[:4]),
    days.map(lambda day: day.isoformat()[:7] + "-XX"),
    days.map(lambda day: day.isoformat()[:4] + "-XX"),
    st.builds("{:04d}-{}".format, st.integers(1, 9997), st.sampled_from([21, 22, 23, 24, 33, 34, 35, 36])),
    st.builds("{:03d}X".format, st.integers(1, 998)),
    st.builds("{:02d}XX".format, st.integers(1, 98)),
)


@given(dates, st.sampled_from(["", "?", "~", "%"]))
def test_bounds_are_ordered(text: str, qualifier: str) -> None:
    when = parse_when(text + qualifier)
    assert when.earliest is not None
    assert when.latest is not None
    assert when.earliest <= when.latest
    assert when.precision in PRECISIONS


@given(dates, dates)
def test_an_interval_reaches_from_its_start_to_its_end(start: str, end: str) -> None:
    first, last = parse_when(start), parse_when(end)
    assert first.earliest is not None
    assert last.earliest is not None
    if first.earliest > last.earliest:
        with pytest.raises(DateFormatError):
            parse_when(f"{start}/{end}")
    else:
        when = parse_when(f"{start}/{end}")
        assert (when.earliest, when.latest) == (first.earliest, last.latest)


@given(days, days)
def test_days_keep_their_order(one: date, other: date) -> None:
    first, last = parse_when(one.isoformat()), parse_when(other.isoformat())
    assert (one < other) == ((first.earliest or date.min) < (last.earliest or date.min))


@given(dates)
def test_the_day_before_the_bounds_is_outside(text: str) -> None:
    when = parse_when(text)
    assert when.earliest is not None
    if when.earliest > date(1, 1, 1):
        before = when.earliest - timedelta(days=1)
        assert parse_when(before.isoformat()).latest == before < when.earliest
