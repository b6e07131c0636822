"""Events for the benchmark: the same ones in every run, of many pairs, kinds and dates of every precision."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from event_schemas.json_text import write_json

_SEED: Final = 20260213
#: The front ones come up more often, as in the news.
_COUNTRIES: Final = (
    "USA", "CHN", "IND", "RUS", "GBR", "FRA", "DEU", "JPN", "ISR", "IRN", "TUR", "UKR", "PAK", "SAU", "KOR",
    "PRK", "BRA", "AUS", "CAN", "ITA", "ESP", "POL", "EGY", "MEX", "IDN", "VNM", "ZAF", "NGA", "KEN", "ETH",
    "ARG", "CHL", "COL", "PER", "NLD", "BEL", "SWE", "NOR", "FIN", "DNK", "CHE", "AUT", "GRC", "PRT", "CZE",
    "HUN", "ROU", "BGR", "SRB", "KAZ", "UZB", "BGD", "LKA", "NPL", "MMR", "THA", "MYS", "SGP", "PHL", "NZL",
    "FJI", "MAR", "DZA", "TUN", "LBY", "SDN", "QAT", "ARE", "KWT", "IRQ", "SYR", "LBN", "JOR", "YEM", "AFG",
    "GEO", "ARM", "AZE", "CUB", "VEN", "PAN", "JAM", "ISL", "MLT",
)  # fmt: skip
_WEIGHTS: Final = [1 / (rank + 3) for rank in range(len(_COUNTRIES))]
_TYPES: Final = (
    "ban", "tariff", "sanction", "agreement", "visit", "consultation", "aid", "launch", "statement", "protest",
    "easing", "other",
)  # fmt: skip
_TAGS: Final = (
    "trade", "chips", "border", "summit", "exports", "visas", "fisheries", "rivers", "energy", "apps", "treaty",
    "cables",
)  # fmt: skip
_ACTORS: Final = (
    "Foreign Ministry", "Alibaba.com", "TikTok", "Central Bank", "World Bank", "Startup India", "Navy",
    "Huawei",
)  # fmt: skip
_WORDS: Final = (
    "talks", "tariffs", "border", "goods", "envoys", "ministers", "export", "licence", "accord", "visit",
    "protest", "notice",
)  # fmt: skip
_PUBLISHERS: Final = ("Reuters", "TechCrunch", "PR Newswire", "The Hindu", "Le Monde")


def events(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """So many events, each a different one; `first` is the number of the first."""
    for number in range(first, first + count):
        yield _event(number, Random(_SEED + number))


def ndjson(count: int, first: int = 0) -> bytes:
    """The same, as a body to post."""
    return b"".join(write_json(event) + b"\n" for event in events(count, first))


def _event(number: int, random: Random) -> dict[str, Any]:
    size = random.choices((2, 3, 5), (90, 8, 2))[0]
    countries: list[str] = []
    while len(countries) < size:
        countries += {*random.choices(_COUNTRIES, _WEIGHTS)} - {*countries}
    event: dict[str, Any] = {
        "title": f"{' '.join(random.choices(_WORDS, k=5)).capitalize()}, no. {number}",
        "when": _when(random),
        "countries": countries,
        "type": random.choice(_TYPES),
        "summary": " ".join(random.choices(_WORDS, k=random.randint(10, 40))) + ".",
        "sources": [_source(number, random) for _ in range(random.choice((0, 1, 1, 1, 2, 3)))],
        "actors": [_actor(countries, random) for _ in range(random.choice((0, 0, 1, 2)))],
        "tags": random.sample(_TAGS, random.choice((0, 1, 2))),
    }
    if random.random() < 0.6:
        event["initiators"] = countries[:1]
    if random.random() < 0.3:
        event["codes"] = {"gdelt": str(1_000_000_000 + number)}
        event["goldstein"] = random.randint(-100, 100) / 10
    if random.random() < 0.1:
        event["attributes"] = {"tone": random.random(), "mentions": random.randint(1, 99)}
    return event


def _when(random: Random) -> str:
    """Most events have a day; each of the other forms comes up as well."""
    year, month, day = random.randint(1950, 2025), random.randint(1, 12), random.randint(1, 28)
    date = f"{year}-{month:02}-{day:02}"
    if random.random() < 0.7:
        return date
    return random.choice((
        f"{year}-{month:02}", f"{year}", f"{year}~", f"{date}?", f"{year}-{month:02}%", f"{year // 10}X",
        f"{year // 100}XX", f"{year}-XX", f"{year}-{month:02}-XX", f"{year}-{random.randint(21, 24)}",
        f"{year}-{random.randint(33, 36)}", f"{date}/{year + 1}", f"{year}-{month:02}/..", f"../{year}", f"{year}/",
        f"/{date}",
    ))  # fmt: skip


def _source(number: int, random: Random) -> dict[str, str]:
    publisher = random.choice(_PUBLISHERS)
    address = f"https://news.example/{number}/{random.getrandbits(32):08x}"
    return {"url": address, "publisher": publisher, "published": f"{random.randint(2000, 2025)}"}


def _actor(countries: list[str], random: Random) -> dict[str, str]:
    actor = {"name": f"{random.choice(_ACTORS)} {random.randint(1, 400)}"}
    return actor | ({"country": random.choice(countries)} if random.random() < 0.5 else {})
