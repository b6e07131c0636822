from datetime import UTC, datetime, timedelta

import pytest

from timeline_service.web.words import ago, brief_date, clipped, label, listed, machine_date, number, signed

NOW = datetime(2026, 2, 13, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "brief"),
    [
        ("2020-06-29", "29 June 2020"),
        ("1950-04-01", "1 Apr 1950"),
        ("1962-10-20/1962-11-21", "20 Oct – 21 Nov 1962"),
        ("2020-06-29/2020-06-30", "29 – 30 June 2020"),
        ("2020-09/2020-11", "Sep – Nov 2020"),
        ("2020/2021-06", "2020 – June 2021"),
        ("2020/2020", "2020 – 2020"),
        ("2020/..", "from 2020 on"),
        ("../2020-06", "until June 2020, beginning open"),
        ("201X", "the 2010s"),
        ("2020-06-29~", "about 29 June 2020"),
        ("2020?", "2020, uncertain"),
        ("2020-33/2020-36", "first – fourth quarter of 2020"),
    ],
)
def test_a_date_is_brief(written: str, brief: str) -> None:
    assert brief_date(written).replace("\N{NO-BREAK SPACE}", " ") == brief


def test_no_end_of_an_interval_is_broken() -> None:
    assert brief_date("1962-10-20/1962-11-21").split(" ") == ["20\xa0Oct", "–", "21\xa0Nov\xa01962"]


@pytest.mark.parametrize(
    ("written", "machine"),
    [("2020", True), ("2020-06", True), ("2020-06-29", True), ("2020-21", False), ("201X", False), ("2020~", False)],
)
def test_a_machine_is_told_what_is_certain(written: str, machine: bool) -> None:
    assert machine_date(written) == (written if machine else None)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=25), "1 day ago"),
        (timedelta(days=61), "on 2025-12-14"),
    ],
)
def test_how_long_ago_it_was(passed: timedelta, words: str) -> None:
    assert ago((NOW - passed).isoformat(), NOW) == words


def test_counts_codes_names_and_signs_are_words() -> None:
    assert (number(1, "source"), number(1204, "source"), number(0, "event")) == (
        "1 source",
        "1,204 sources",
        "0 events",
    )
    assert label("armed_clash") == "armed clash"
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert [signed(each) for each in ("cooperative", "conflictual", "neutral")] == ["+ ", "− ", ""]
    assert (clipped("abc", 3), clipped("abcd", 3)) == ("abc", "abc…")
