import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_schemas.dates import DateFormatError, parse_when
from timeline_service.domain.date_reading import read_date


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("June 2025", "2025-06"),
        ("jun. 2025", "2025-06"),
        ("Sept 2025", "2025-09"),
        ("13 February 2026", "2026-02-13"),
        ("February 13, 2026", "2026-02-13"),
        ("1st of  May 1950", "1950-05-01"),
        ("spring 2019", "2019-21"),
        ("Winter of 1962", "1962-24"),
        ("Q3 2020", "2020-35"),
        ("2020 Q4", "2020-36"),
        ("3rd quarter of 2020", "2020-35"),
        ("the 1990s", "199X"),
        ("20th century", "19XX"),
        ("around June 2025", "2025-06~"),
        ("c. 1962", "1962~"),
        ("since 2020", "2020/.."),
        ("until June 2020", "../2020-06"),
        ("20 October 1962 to 21 November 1962", "1962-10-20/1962-11-21"),
        ("from May 2020 to 2021", "2020-05/2021"),
        ("2018 – 2020", "2018/2020"),
        (" 2020 ", "2020"),
    ],
)
def test_what_can_mean_one_thing_only_is_read(written: str, read: str) -> None:
    assert read_date(written) == read
    parse_when(read)


@pytest.mark.parametrize(
    "written",
    [
        "31/12/2020",
        "12/11/2020",
        "next year",
        "30 February 2020",
        "June",
        "May 20",
        "2020-13",
        "",
        "6.2.2020",
        "2021 to 2020",
    ],
)
def test_what_cannot_is_left_as_it_is(written: str) -> None:
    assert read_date(written) == written


@pytest.mark.parametrize(
    "edtf", ["2020", "2025-06", "2026-02-13", "2020/..", "../2020", "201X", "2020-21", "2020~", "2020-06-XX"]
)
def test_edtf_stays_edtf(edtf: str) -> None:
    assert read_date(edtf) == edtf


@given(st.text(st.sampled_from("0123456789 /-.~?XQ") | st.characters(), max_size=40))
def test_any_text_is_read_as_a_date_or_left(text: str) -> None:
    read = read_date(text)
    if read != " ".join(text.split()):
        parse_when(read)


def test_what_was_read_is_read_as_the_same() -> None:
    with pytest.raises(DateFormatError):
        parse_when("June 2025")
    assert read_date(read_date("June 2025")) == "2025-06"
