import subprocess
import sys
from pathlib import Path

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_schemas.countries import (
    _DATA,
    CountryError,
    all_countries,
    country_code,
    country_name,
    pair_name,
    pairs_of,
    parse_pair,
)

CODES = [code for code, _ in all_countries()]


@pytest.mark.parametrize(
    "iso", [vars(country)["_fields"] for country in pycountry.countries], ids=lambda iso: iso["alpha_3"]
)
def test_every_current_country_is_known_by_its_codes_and_names(iso: dict[str, str]) -> None:
    known = [iso["alpha_2"], iso["alpha_3"], iso["alpha_2"].lower()]
    known += [iso[field] for field in ("name", "official_name", "common_name") if field in iso]
    known = [name for name in known if name != "Congo"]  # ISO's name of one of two Congos: refused as ambiguous
    assert {country_code(text) for text in known} == {iso["alpha_3"]}


@pytest.mark.parametrize("code", CODES)
def test_the_name_that_is_shown_can_be_written(code: str) -> None:
    assert country_code(country_name(code)) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Turkey", "TUR"), ("TÜRKIYE", "TUR"), ("Burma", "MMR"), ("BUR", "MMR"), ("Ivory Coast", "CIV"),
        ("cote d’ivoire", "CIV"), ("South Korea", "KOR"), ("Republic of Korea", "KOR"), ("Kosovo", "XKX"),
        ("XK", "XKX"), ("EU", "EUE"), ("European Union", "EUE"), ("Niger", "NER"), ("DRC", "COD"), ("Zaire", "COD"),
        ("SU", "SUN"), ("USSR", "SUN"), ("YUG", "YUG"), ("DDR", "DDR"), ("CSK", "CSK"), ("SCG", "SCG"),
        ("Czechoslovakia", "CSK"), ("Serbia and Montenegro", "SCG"), ("UK", "GBR"), ("Guinea", "GIN"),
    ],
)  # fmt: skip
def test_a_name_means_one_country(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("CS", ["CSK Czechoslovakia", "SCG Serbia and Montenegro"]),
        ("Congo", ["COD Congo - Kinshasa", "COG Congo - Brazzaville"]),
        ("Korea", ["KOR South Korea", "PRK North Korea"]),
        ("Chinaa", ["CHN China"]),
        ("Untied States", ["USA United States"]),
        ("Germny", ["DEU Germany"]),
        ("Nigera", ["NGA Nigeria", "NER Niger"]),
        ("England", ["GBR United Kingdom"]),
        ("northern ireland", ["GBR United Kingdom"]),
        ("Zanzibar", ["TZA Tanzania"]),
        ("Atlantis of the deep", []),
        ("", []),
    ],
)
def test_what_is_unknown_or_ambiguous_is_refused_with_candidates(text: str, candidates: list[str]) -> None:
    with pytest.raises(CountryError) as caught:
        country_code(text)
    assert list(caught.value.candidates) == candidates


@pytest.mark.parametrize(
    "text", ["AFR", "nmr", "EUR", "Africa", "the Middle East", "Southern Africa", "WST", "the West"]
)
def test_a_region_is_told_to_be_one(text: str) -> None:
    with pytest.raises(CountryError, match=r"is a region.*name the countries themselves") as caught:
        country_code(text)
    assert caught.value.candidates == ()


@pytest.mark.parametrize(
    "text", ["Tibet", "Crimea", "Kurdistan", "South Ossetia", "Somaliland", "Catalonia", "Chechnya"]
)
def test_for_a_name_whose_state_is_disputed_no_country_is_offered(text: str) -> None:
    with pytest.raises(CountryError) as caught:
        country_code(text)
    assert caught.value.candidates == ()


@pytest.mark.parametrize(("text", "code"), [("Hong Kong", "HKG"), ("Macau", "MAC"), ("Greenland", "GRL")])
def test_what_has_a_code_of_iso_stands_for_itself(text: str, code: str) -> None:
    assert country_code(text) == code


def test_what_is_no_country_is_neither_one_nor_two_things() -> None:
    named = set(_DATA["meanings"])
    others = [*_DATA["regions"], *_DATA["parts"], *_DATA["apart"]]
    assert not named & set(others)
    assert len(set(others)) == len(others)


@pytest.mark.parametrize("text", ["IN-CN", "cn-in", "CHN-IND", "ind-cn"])
def test_a_pair_is_read_in_either_order(text: str) -> None:
    assert parse_pair(text) == "CHN-IND"


@pytest.mark.parametrize("text", ["IN", "IN-", "IN-IN", "IN-IND", "India-China", "IN-CN-US", "ZZ-IN", "CS-IN"])
def test_what_is_not_a_pair_is_refused(text: str) -> None:
    with pytest.raises(CountryError):
        parse_pair(text)


@given(st.lists(st.sampled_from(CODES), min_size=2, max_size=8, unique=True), st.data())
def test_the_pairs_of_an_event_are_distinct_and_canonical(countries: list[str], data: st.DataObject) -> None:
    acted = data.draw(st.sets(st.sampled_from(countries), max_size=len(countries) - 1))
    pairs = pairs_of(countries, sorted(acted))
    count, others = len(acted), len(countries) - len(acted)
    assert len(set(pairs)) == len(pairs) == (count * others if acted else others * (others - 1) // 2)
    assert pairs == sorted(pairs)
    assert all(parse_pair(pair) == pair == pair_name(*reversed(pair.split("-"))) for pair in pairs)


def test_the_data_is_what_its_sources_give() -> None:
    script = Path(__file__).parents[2] / "schemas" / "generate_countries.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
