"""Countries by their names in a reader's language: CLDR's, chosen by `Accept-Language`.

English needs no CLDR, so `babel` is loaded by the first reader who asks for another language.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final

from event_schemas.countries import CountryError, all_countries, country_code
from service_edge.accept_headers import parse_accept

ENGLISH: Final = "en"
ENGLISH_NAMES: Final[Mapping[str, str]] = MappingProxyType(dict(all_countries()))
#: Language, script and region of a language range; extended languages, variants and extensions name no countries.
_RANGE: Final = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?(?:-[a-z0-9]{1,8})*", re.IGNORECASE)
_MAX_RANGES: Final = 32
_MAX_REMEMBERED_LENGTH: Final = 200


def negotiate_language(accept_language: str | None) -> str:
    """The language that suits an `Accept-Language` best, as a BCP 47 tag; English when nothing fits.

    RFC 4647's lookup: the ranges by falling weight, each shortened until CLDR has its language. Languages that are
    written in several scripts stay in the one that a region uses: `zh-TW` is `zh-Hant-TW`, and never `zh`.
    """
    if accept_language is None:
        return ENGLISH
    if len(accept_language) > _MAX_REMEMBERED_LENGTH:
        return _negotiate.__wrapped__(accept_language)
    return _negotiate(accept_language)


@lru_cache(maxsize=1024)
def _negotiate(accept_language: str) -> str:
    qualities = parse_accept(accept_language)
    refused = {name for name, quality in qualities.items() if quality == 0}
    wanted = sorted((name for name in qualities if name not in refused), key=lambda name: -qualities[name])
    for language_range in wanted[:_MAX_RANGES]:
        for tag in _tags(language_range):
            if tag.lower() not in refused and (tag == ENGLISH or names_in(tag) != ENGLISH_NAMES):
                return tag
    return ENGLISH


@lru_cache(maxsize=256)
def names_in(language: str) -> Mapping[str, str]:
    """Every country's name by alpha-3 code, in a language that `negotiate_language` gave.

    What CLDR does not name, such as a state that is no more, has its English name.
    """
    if language == ENGLISH:
        return ENGLISH_NAMES
    from babel import Locale

    territories = Locale.parse(language, sep="-").territories
    names = {code: str(territories.get(territory, "")) for territory, code in _codes().items()}
    _forget()
    return MappingProxyType({code: names.get(code) or name for code, name in ENGLISH_NAMES.items()})


@cache
def _codes() -> Mapping[str, str]:
    """Alpha-3 codes by CLDR's codes of territories, which are alpha-2 ones and some that are no country's."""
    from babel import Locale

    codes = {}
    for territory in map(str, Locale(ENGLISH).territories):
        try:
            codes[territory] = country_code(territory)
        except CountryError:
            continue
    return codes


def _forget() -> None:
    """Let go of what babel has loaded: it would keep half a megabyte of dates and numbers for each language."""
    from babel import localedata

    localedata._cache.clear()


def _tags(language_range: str) -> Iterator[str]:
    """The tags of CLDR's locales that answer a range, the most special one first."""
    match = _RANGE.fullmatch(language_range)
    if match is None:
        return
    language, script, region = (part or "" for part in match.groups())
    if language.lower() == ENGLISH:
        yield ENGLISH  # in all its regions: the names that events are written with
        return
    from babel.core import get_global
    from babel.localedata import exists

    named = get_global("language_aliases").get(language.lower(), language.lower()).split("_")  # sh: sr_Latn, prs: fa_AF
    language, script, region = named[0], script.title() or _of(named, 4), region.upper() or _of(named, 2)
    shorter = [(language, script), (language,)]
    if region and not script:
        likely = get_global("likely_subtags").get(f"{language}_{region}", "").split("_")
        script = _of(likely, 4)
        shorter = [(language, region), (language, script), (language,)]
    for parts in ((language, script, region), *shorter):
        name = "_".join(filter(None, parts))
        if exists(name):
            yield name.replace("_", "-")


def _of(subtags: list[str], length: int) -> str:
    """The subtag after the first that is so long, which says what it is: 4 a script, 2 a region."""
    return next((subtag for subtag in subtags[1:] if len(subtag) == length), "")
