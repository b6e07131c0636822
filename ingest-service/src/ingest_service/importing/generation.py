"""Made-up events to judge a system by: as many as one likes, always the same for a seed.

What happens how often, between whom, and how precisely it is dated, is as it was counted in GDELT's files once their
reports were merged into stories. The events themselves never happened: they are tagged `generated`.
"""

from bisect import bisect
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Any, Final

from event_schemas.events import id_from_origin
from ingest_service.importing.cameo import CAMEO
from ingest_service.importing.gdelt_events import title_of
from ingest_service.importing.gdelt_rows import Report

_ORIGIN: Final = "urn:dyadline:generated"
_FIRST_DAY: Final = date(1979, 1, 1)
_DAYS: Final = (date(2026, 6, 30) - _FIRST_DAY).days
#: In a hundred: how many are directed, name a source, and a second one.
_DIRECTED, _SOURCED, _SOURCED_TWICE = 0.87, 0.89, 0.03

#: CAMEO's codes in a thousand stories, those that are rare together by one of their family.
_CODES: Final[Mapping[str, float]] = {
    "042": 118, "043": 98, "010": 64, "040": 58, "051": 56, "173": 46, "190": 40, "112": 30, "036": 30, "012": 27,
    "013": 25, "080": 26, "120": 24, "020": 22, "046": 17, "193": 18, "100": 18, "141": 20, "057": 16, "030": 16,
    "070": 16, "111": 16, "110": 14, "045": 13, "160": 13, "090": 13, "130": 14, "071": 12, "180": 16, "060": 10,
    "0874": 8, "014": 8, "174": 7, "061": 8, "015": 7, "182": 8, "073": 7, "050": 8, "1312": 6, "164": 5, "075": 4,
    "163": 8, "172": 5, "044": 4, "026": 5, "150": 3, "154": 3, "161": 4, "1621": 2, "062": 4, "063": 2, "115": 3,
    "128": 4, "139": 2, "138": 4, "054": 1, "085": 3, "0871": 4, "192": 3, "195": 4, "1121": 4, "1125": 2, "204": 0.1,
}  # fmt: skip
#: Countries in five hundred stories; two of them meet as often as their shares say.
_COUNTRIES: Final[Mapping[str, float]] = {
    "USA": 168, "GBR": 59, "ISR": 56, "RUS": 47, "CHN": 43, "SYR": 35, "PSE": 31, "FRA": 30, "CAN": 28, "IRN": 26,
    "AUS": 25, "ITA": 22, "TUR": 21, "DEU": 18, "ESP": 17, "IRQ": 14, "SAU": 14, "PRK": 14, "POL": 13, "EGY": 13,
    "IRL": 12, "DNK": 12, "BEL": 11, "PAK": 11, "JPN": 11, "KOR": 11, "UKR": 11, "QAT": 9, "MEX": 9, "BRA": 9, "KEN": 9,
    "JOR": 9, "IND": 9, "THA": 8, "NLD": 8, "LBN": 7, "SOM": 7, "RWA": 7, "TWN": 6, "PHL": 6, "FIN": 5, "PER": 5,
    "NZL": 5, "MYS": 5, "NOR": 5, "BGD": 5, "YEM": 5, "AZE": 4, "IDN": 4, "VNM": 3, "BLR": 3, "PRT": 3, "ARE": 3,
    "NGA": 3, "AFG": 3, "ZAF": 3, "ARG": 2, "CHL": 2, "COL": 2, "CUB": 2, "ETH": 2, "SDN": 2, "ERI": 1, "GRC": 2,
    "HUN": 2, "LBY": 2, "MMR": 2, "NPL": 1, "LKA": 1, "SWE": 2, "CHE": 2, "VEN": 2, "ZWE": 1, "XKX": 1, "SRB": 2,
}  # fmt: skip
#: How precisely a thousand stories are dated; the last ones are rarer in GDELT than elsewhere.
_PRECISIONS: Final[Mapping[str, float]] = {"day": 980, "month~": 5, "year~": 8, "month": 3, "year": 2, "interval": 2}
#: Goldstein's value of each family, as GDELT has it for most of its codes.
_GOLDSTEIN: Final[Mapping[str, float]] = {
    "01": 0, "02": 3, "03": 4, "04": 1.9, "05": 3.4, "06": 6, "07": 7, "08": 5, "09": -2, "10": -5,
    "11": -2, "12": -4, "13": -4.4, "14": -6.5, "15": -7.2, "16": -4, "17": -5, "18": -9, "19": -10, "20": -10,
}  # fmt: skip


class _Choice:
    """Draws keys as often as their weights say, by one number each."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._keys = list(weights)
        self._sums = list(accumulate(weights.values()))

    def draw(self, random: Random) -> str:
        return self._keys[bisect(self._sums, random.random() * self._sums[-1], hi=len(self._keys) - 1)]


_CODE, _COUNTRY, _PRECISION = _Choice(_CODES), _Choice(_COUNTRIES), _Choice(_PRECISIONS)


def generate(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """So many events; the first of them are the same however many are asked for."""
    random = Random(seed)
    for number in range(1, count + 1):
        yield _event(random, f"{seed}-{number}")


def _event(random: Random, number: str) -> dict[str, Any]:
    source = target = _COUNTRY.draw(random)
    while target == source:
        target = _COUNTRY.draw(random)
    code, directed = _CODE.draw(random), random.random() < _DIRECTED
    report = Report(number, _when(random), source, target, code, _GOLDSTEIN[code[:2]], 1, "")
    event: dict[str, Any] = {
        "id": id_from_origin(_ORIGIN, number),
        "title": title_of(report, directed),
        "when": report.when,
        "countries": sorted((source, target)),
        "type": CAMEO[code].type,
        "goldstein": report.goldstein,
        "tags": ["generated"],
        "codes": {"cameo": code, "generated": number},
    }
    if directed:
        event["initiators"] = [source]
    if random.random() < _SOURCED:
        papers = 2 if random.random() < _SOURCED_TWICE else 1
        event["sources"] = [_source(random, number) for _ in range(papers)]
    return event


def _when(random: Random) -> str:
    precision = _PRECISION.draw(random)
    # The later the year the more is reported of it.
    day = _FIRST_DAY + timedelta(days=int(_DAYS * random.random() ** 0.5))
    match precision.rstrip("~"):
        case "month":
            when = f"{day.year}-{day.month:02}"
        case "year":
            when = f"{day.year}"
        case "interval":
            end = day.replace(day=monthrange(day.year, day.month)[1])
            return f"{day}/{end}" if day < end else f"{day}/.."
        case _:
            when = day.isoformat()
    return when + ("~" if precision.endswith("~") else "")


def _source(random: Random, number: str) -> dict[str, str]:
    paper = int(40 * random.random() ** 2)
    return {"url": f"https://paper{paper}.example/{number}", "publisher": f"paper{paper}.example"}
