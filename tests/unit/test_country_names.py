"""Country names in the reader's language."""

import subprocess
import sys

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from event_schemas.countries import all_countries, country_name
from timeline_service.domain.country_names import ENGLISH, ENGLISH_NAMES, names_in, negotiate_language
from timeline_service.queries.views.countries import country_view, pair_view

GONE = {"ANT", "CSK", "DDR", "GEL", "NTZ", "PCI", "PCZ", "SCG", "SKM", "SUN", "VDR", "YMD", "YUG"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("hi", "hi"), ("ar", "ar"), ("AR-eg", "ar-EG"), ("zh-Hant-TW", "zh-Hant-TW"), ("de-CH", "de-CH"),
        ("fr;q=0.5, de", "de"), ("fr, de", "fr"), ("de;q=0.5,fr;q=0.51", "fr"), ("en;q=0.1, pt-BR;q=0.2", "pt-BR"),
        # shortened until something is known
        ("de-DE-1996", "de-DE"), ("de-u-co-phonebk", "de"), ("fr-JP", "fr"), ("ca-ES-valencia", "ca-ES"),
        # a region's own script, never the other one
        ("zh-TW", "zh-Hant-TW"), ("zh-HK", "zh-Hant-HK"), ("zh-AU", "zh-Hant"), ("zh-CN", "zh"),
        ("sr-ME", "sr-Latn-ME"),
        # other names of the same language
        ("iw", "he"), ("tl", "fil"), ("deu", "de"), ("cmn-Hans-CN", "zh-Hans-CN"), ("sh", "sr-Latn"), ("prs", "fa-AF"),
        # refused ones
        ("de-XX, de;q=0, fr;q=0.1", "fr"), ("de-AT, de;q=0", "de-AT"), ("fr;q=0, de;q=0.001", "de"),
        # languages of which CLDR has no country's name
        ("tyv, ru;q=0.5", "ru"), ("zh-Latn", "zh"),
        # English, everywhere the same
        ("en", "en"), ("en-GB,en;q=0.9", "en"), ("en-US, de", "en"),
    ],
)  # fmt: skip
def test_the_best_language_is_chosen(header: str, language: str) -> None:
    assert negotiate_language(header) == language


@pytest.mark.parametrize(
    "header",
    [
        None, "", "*", "*, fr;q=0", "nonsense", "xx", "tlh", "root", "und", "i-klingon", "x-private", "../de",
        "de_CH", "de/..", "d", "de;q=0", "de;q=2", "1", ",;,", "fr-", "\u0663", "tyv",
    ],
)  # fmt: skip
def test_english_when_nothing_fits(header: str | None) -> None:
    assert negotiate_language(header) == ENGLISH


@given(
    st.one_of(
        st.text(), st.lists(st.from_regex(r"[a-zA-Z]{1,4}(-[a-zA-Z0-9]{1,5}){0,3}(;q=[01.]{1,3})?")).map(",".join)
    )
)
def test_any_header_leads_to_a_language_with_every_name(header: str) -> None:
    names = names_in(negotiate_language(header))
    assert list(names) == [code for code, _ in all_countries()]
    assert all(names.values())


def test_english_names_are_those_of_events() -> None:
    assert names_in(ENGLISH) is ENGLISH_NAMES
    assert {code: country_name(code) for code in ENGLISH_NAMES} == ENGLISH_NAMES
    # CLDR's codes stand for the right countries: its English names are the same ones
    territories = Locale("en").territories.values()
    assert {code for code, name in ENGLISH_NAMES.items() if name not in territories} == GONE


@pytest.mark.parametrize(
    ("language", "code", "name"),
    [
        ("hi", "IND", "भारत"), ("ar", "CHN", "الصين"), ("zh-Hant-TW", "DEU", "德國"), ("zh", "DEU", "德国"),
        ("de", "CHE", "Schweiz"), ("de-CH", "BLR", "Belarus"), ("de-AT", "SJM", "Spitzbergen und Jan Mayen"),
        ("fr", "XKX", "Kosovo"), ("fr", "EUE", "Union européenne"), ("hi", "XKX", "कोसोवो"),
        ("fr", "CIV", "Côte d’Ivoire"),
        ("es", "GBR", "Reino Unido"), ("sr-Latn", "DEU", "Nemačka"), ("fr", "MMR", "Myanmar (Birmanie)"),
        ("fr", "SUN", "Soviet Union"), ("de", "DDR", "East Germany"),
    ],
)  # fmt: skip
def test_names_are_cldrs_and_english_where_it_has_none(language: str, code: str, name: str) -> None:
    assert names_in(language)[code] == name


def test_views_speak_the_language_they_are_told() -> None:
    assert country_view("IND") == {"code": "IND", "name": "India"}
    assert country_view("IND", names_in("fr")) == {"code": "IND", "name": "Inde"}
    assert pair_view("CHN-IND", names_in("de"))["countries"] == [
        {"code": "CHN", "name": "China"},
        {"code": "IND", "name": "Indien"},
    ]


def test_english_loads_no_cldr() -> None:
    script = (
        "import sys; from timeline_service.domain.country_names import *;"
        "assert names_in(negotiate_language('en-GB, en;q=0.9, de;q=0.5'))['IND'] == 'India';"
        "assert names_in(negotiate_language(None))['IND'] == 'India'; assert 'babel' not in sys.modules;"
        "assert names_in(negotiate_language('de'))['IND'] == 'Indien'; assert 'babel' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_readers_of_all_languages_take_little_memory() -> None:
    script = (
        "import resource; from babel.localedata import locale_identifiers;"
        "from timeline_service.domain.country_names import *; names_in(negotiate_language('de'));"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; before = peak();"
        "[names_in(negotiate_language(name.replace('_', '-'))) for name in locale_identifiers()];"
        "print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, timeout=150, capture_output=True, text=True)
    assert int(done.stdout) < 32 * 1024  # KiB; babel by itself would keep 184 MiB


def test_a_language_is_read_once() -> None:
    header = "pt-BR,pt;q=0.9,en;q=0.1"
    assert names_in(negotiate_language(header)) is names_in(negotiate_language(header))


def test_every_language_of_cldr_is_found_by_its_tag() -> None:
    variants = {"be_TARASK", "ca_ES_VALENCIA", "el_POLYTON"}
    for name in set(locale_identifiers()[:300]) - variants:
        tag = name.replace("_", "-")
        if not tag.startswith("en") and names_in(tag) != ENGLISH_NAMES:
            assert negotiate_language(tag) == tag
