"""Countries by code or name, and the pairs (dyads) that they form. Nothing is ever guessed."""

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import combinations
from typing import Final

from event_schemas.near_texts import NearTexts

_PUNCTUATION: Final = re.compile(r"[^\w]+|_+")
_MAX_REMEMBERED_LENGTH: Final = 100


class CountryError(ValueError):
    """A country or pair that is unknown or ambiguous; `candidates` are written `CODE Name`."""

    def __init__(self, message: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


def fold_name(name: str) -> str:
    """A name without case, accents and punctuation: `Côte d'Ivoire` → `cote d ivoire`."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return _PUNCTUATION.sub(" ", plain.replace("&", " and ").casefold()).strip()


_DATA: Final = json.loads((files("event_schemas") / "countries.json").read_text(encoding="utf-8"))
_NAMES: Final[dict[str, str]] = _DATA["names"]
_MEANINGS: Final[dict[str, list[str]]] = _DATA["meanings"]
#: Regions, which are no countries, by the codes that CAMEO has for them and by their names.
REGIONS: Final[dict[str, str]] = _DATA["regions"]
#: Parts of a state by their names, where nobody disputes whose they are.
_PARTS: Final[dict[str, str]] = _DATA["parts"]
#: Names for which no country is offered, neither the nearest nor any that claims them.
_APART: Final = frozenset(_DATA["apart"])
#: How much less than the nearest name another may look like what was written, to be offered too.
_MARGIN: Final = 0.1


def country_code(text: str) -> str:
    """The alpha-3 code of a code (alpha-2 or alpha-3, any case) or of a name; raises CountryError."""
    if text in _NAMES:
        return text
    # What is remembered stays small, however much punctuation somebody puts around a name.
    return _meaning(text) if len(text) <= _MAX_REMEMBERED_LENGTH else _meaning.__wrapped__(text)


@lru_cache(maxsize=16_384)
def _meaning(text: str) -> str:
    meanings = _code_meanings(text.strip()) or _MEANINGS.get(fold_name(text), [])
    if len(meanings) == 1:
        return meanings[0]
    if meanings:
        candidates = [_labelled(code) for code in meanings]
        raise CountryError(f"{text!r} is ambiguous: write one of {', '.join(candidates)}", candidates)
    folded = fold_name(text[:80])
    for key in (text.strip().upper(), folded.removeprefix("the ")):
        require_no_region(key, text[:80])
    if (state := _PARTS.get(folded)) is not None:
        whole = _labelled(state)
        raise CountryError(f"{text[:80]!r} is not a country, but a part of {whole}: write that", [whole])
    candidates = _nearest(folded)
    words = f": did you mean {', '.join(candidates)}?" if candidates else ": GET /v1/countries lists what is known"
    raise CountryError(f"{text[:80]!r} is not a country{words}", candidates)


@lru_cache(maxsize=4_096)
def _nearest(name: str) -> list[str]:
    near = _FOLDED.to(name, most=5, cutoff=0.7, margin=_MARGIN) if name not in _APART else []
    return list(dict.fromkeys(_labelled(code) for known in near for code in _MEANINGS[known]))


def require_no_region(key: str, text: str = "") -> None:
    """Raises CountryError for a region's code or folded name, which somebody has written as a text."""
    if key in REGIONS:
        named = "" if fold_name(text) == key else f" ({REGIONS[key]})"
        raise CountryError(f"{text or key!r} is a region{named}, not a country: name the countries themselves")


def country_name(code: str) -> str:
    """The English short name of an alpha-3 code (CLDR); raises KeyError."""
    return _NAMES[code]


def all_countries() -> list[tuple[str, str]]:
    """Every country that may be written, as (alpha-3, name), by code."""
    return list(_NAMES.items())


def pair_name(a: str, b: str) -> str:
    """The canonical name of the pair of two alpha-3 codes: `CHN-IND`."""
    return f"{a}-{b}" if a < b else f"{b}-{a}"


def parse_pair(text: str) -> str:
    """The canonical name of a pair written with two codes in either order; raises CountryError."""
    first, dash, second = text.partition("-")
    if not dash or "-" in second:
        raise CountryError(f"{text[:80]!r} is not a pair: write two codes with a dash, such as IN-CN or CHN-IND")
    codes = []
    for part in (first, second):
        require_no_region(part.upper())
        if not _code_meanings(part):
            raise CountryError(f"{part[:80]!r} is not a country code: use /v1/timelines/lookup?a=…&b=… for names")
        codes.append(country_code(part))
    if codes[0] == codes[1]:
        raise CountryError(f"{text!r} names one country twice: a pair is two countries")
    return pair_name(*codes)


def pairs_of(countries: Sequence[str], initiators: Sequence[str]) -> list[str]:
    """The pairs of an event, sorted: all of its countries', or each initiator's with those that are none."""
    if len(countries) == 2:  # which most are, and then it does not matter who acted
        return [pair_name(*countries)]
    if initiators:
        others = [code for code in countries if code not in initiators]
        return sorted(pair_name(a, b) for a in initiators for b in others)
    return sorted(pair_name(a, b) for a, b in combinations(countries, 2))


def _code_meanings(text: str) -> list[str]:
    return _MEANINGS.get(text.upper(), []) if text.isascii() and len(text) in {2, 3} else []


def _labelled(code: str) -> str:
    return f"{code} {_NAMES[code]}"


_FOLDED: Final = NearTexts([key for key in _MEANINGS if not key.isupper()])
