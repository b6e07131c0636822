import re

import pytest
from hypothesis import given
from tests.support.inputs.event_strategies import is_date, whens

from event_schemas.dates import parse_when
from timeline_service.domain.date_words import say_when


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2020-06-29", "29 June 2020"),
        ("2020-06-01", "1 June 2020"),
        ("2025-06", "June 2025"),
        ("2020", "2020"),
        ("0987", "the year 987"),
        ("0987-06", "June 987"),
        ("0987-06-05", "5 June 987"),
        ("201X", "the 2010s"),
        ("200X", "2000–2009"),
        ("091X", "the 910s"),
        ("001X", "the years 10–19"),
        ("19XX", "1900–1999"),
        ("01XX", "the years 100–199"),
        ("2020-XX", "some time in 2020"),
        ("2020-06-XX", "some day in June 2020"),
        ("2020-21", "spring 2020"),
        ("2020-22", "summer 2020"),
        ("2020-23", "autumn 2020"),
        ("2020-24", "winter 2020–2021"),
        ("1999-24", "winter 1999–2000"),
        ("2020-33", "first quarter of 2020"),
        ("2020-34", "second quarter of 2020"),
        ("2020-35", "third quarter of 2020"),
        ("2020-36", "fourth quarter of 2020"),
    ],
)
def test_a_date_is_said_as_precisely_as_it_is_known(text: str, words: str) -> None:
    assert say_when(parse_when(text)) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2020~", "about 2020"),
        ("2020?", "2020, uncertain"),
        ("2020%", "about 2020, uncertain"),
        ("2020-06-29~", "about 29 June 2020"),
        ("201X~", "about the 2010s"),
        ("2020-24?", "winter 2020–2021, uncertain"),
        ("2020-XX~", "some time in or about 2020"),
        ("2020-06-XX%", "some day in or about June 2020, uncertain"),
    ],
)
def test_a_qualifier_is_said(text: str, words: str) -> None:
    assert say_when(parse_when(text)) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2020/2021-06", "from 2020 to June 2021"),
        ("2020-06-29/2020-07-01", "from 29 June 2020 to 1 July 2020"),
        ("2020-06/..", "from June 2020 on"),
        ("2020-06/", "from June 2020, end not known"),
        ("../2019", "until 2019, beginning open"),
        ("/2019", "until 2019, beginning not known"),
        ("2020~/2021?", "from about 2020 to 2021 (uncertain)"),
        ("2020%/..", "from about 2020 (uncertain) on"),
        ("/2019?", "until 2019 (uncertain), beginning not known"),
        ("2020-XX/202X", "from some time in 2020 to the 2020s"),
    ],
)
def test_an_interval_says_both_of_its_ends(text: str, words: str) -> None:
    assert say_when(parse_when(text)) == words


@given(whens)
def test_every_date_is_said_in_full(text: str) -> None:
    when, words = parse_when(text), say_when(parse_when(text))
    assert re.fullmatch(r"[A-Za-z0-9 ,()–]+", words)
    assert ("about" in words, "uncertain" in words) == (when.approximate, when.uncertain)
    said = {int(number) for number in re.findall(r"[0-9]+", words)}
    for year in {int(found) for found in re.findall(r"\b[0-9]{4}\b", text)}:
        assert year in said
    assert ("open" in words, "not known" in words, words.endswith(" on")) == (
        text.startswith("../"),
        text[0] == "/" or text[-1] == "/",
        text.endswith("/.."),
    )


def test_different_dates_are_said_differently() -> None:
    forms = [
        "2020", "2021", "2020-05", "2020-06", "2020-05-06", "2020-05-07", "2020-XX", "2020-05-XX", "202X", "20XX",
        "200X", "19XX", "2020-21", "2020-22", "2020-23", "2020-24", "2021-24", "2020-33", "2020-34", "2020-35",
        "2020-36",
    ]  # fmt: skip
    dates = [form + qualifier for form in forms for qualifier in ("", "~", "?", "%")]
    texts = dates + [form.format(text) for text in dates for form in ("{}/..", "../{}", "{}/", "/{}")]
    texts += [f"{start}/{end}" for start in dates for end in dates if is_date(f"{start}/{end}")]
    said = {say_when(parse_when(text)) for text in texts}
    assert len(said) == len(texts) > 4000
