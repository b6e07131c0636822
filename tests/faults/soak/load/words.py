"""Events as the load writes them: drawn from a seed, in normal form already, each with a word that no other has."""

import itertools
import re
from random import Random
from typing import Any, Final
from uuid import UUID

Event = dict[str, Any]

#: The first ones are in most events, so that some pairs are busy.
COUNTRIES: Final = tuple(
    re.findall(
        "[A-Z]{3}",
        "CHN IND USA FRA DEU GBR JPN RUS BRA ZAF AUS CAN MEX KOR IDN TUR SAU ARE EGY NGA KEN ETH PAK BGD LKA NPL VNM "
        "THA MYS SGP PHL NZL ARG CHL COL PER ITA ESP PRT NLD BEL SWE NOR FIN DNK POL CZE AUT CHE GRC UKR ISR IRN IRQ",
    )
)
_TYPES: Final = ("ban", "visit", "agreement", "tariff", "statement", "sanction", "investment", "protest", "other")
_VALENCES: Final = ("cooperative", "neutral", "conflictual")
_DOMAINS: Final = ("trade", "technology", "security", "diplomacy", "legal", "aid", "people")
_STAGES: Final = ("proposed", "announced", "in_force", "suspended", "ended")
_VERBS: Final = ("talks", "ban", "visit", "pact", "dispute", "tariff", "aid", "summit", "protest", "reply")
_TAGS: Final = tuple(f"tag-{n:02}" for n in range(40))
_WIDE: Final = 0.0015


class Words:
    """An endless supply of events. Two of the same seed say the same, in the same order.

    They are about the first so many of `COUNTRIES`.
    """

    def __init__(self, seed: str, chance: Random, countries: int = len(COUNTRIES)) -> None:
        self._among = COUNTRIES[:countries]
        self._weights = [1 / (n + 1) for n in range(countries)]
        self._seed = seed
        self._numbers = itertools.count()
        self.chance = chance

    def word(self) -> str:
        """A word that no other event has."""
        return f"w{self._seed}x{next(self._numbers):x}"

    def uuid(self) -> str:
        """An id."""
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    def event(self, **fields: Any) -> Event:
        """A new event, without an id unless one is given."""
        chance = self.chance
        countries = self._countries()
        event: Event = {
            "title": f"{chance.choice(_VERBS)} of {countries[0]} and {countries[-1]} {self.word()}",
            "when": self._when(),
            "countries": countries,
            "type": chance.choice(_TYPES),
            "valence": chance.choice(_VALENCES),
        }
        if chance.random() < 0.25:
            event["initiators"] = sorted(chance.sample(countries, 1 if len(countries) == 2 else 2))[
                : len(countries) - 1
            ]
        if chance.random() < 0.4:
            event["tags"] = sorted(chance.sample(_TAGS, chance.randint(1, 3)))
        if chance.random() < 0.3:
            event["summary"] = " ".join(chance.choices(_VERBS, k=chance.randint(5, 60)))
        if chance.random() < 0.3:
            event["domain"] = chance.choice(_DOMAINS)
        if chance.random() < 0.2:
            event["stage"] = chance.choice(_STAGES)
        if chance.random() < 0.2:
            event["goldstein"] = chance.randint(-9, 9) + 0.5
        if chance.random() < 0.15:
            event["codes"] = {"gdelt": str(chance.randint(1, 10**9))}
        if chance.random() < 0.15:
            event["actors"] = [{"name": f"Ministry {chance.randint(1, 50)}", "country": countries[0]}]
        if chance.random() < 0.15:
            event["sources"] = [{"url": f"https://example.org/{chance.randint(1, 10**6)}", "title": "a report"}]
        if chance.random() < 0.1:
            event["attributes"] = {"counted": chance.randint(0, 10**6), "nested": {"list": [1, "two", None]}}
        return {**event, **fields}

    def invalid(self) -> Event:
        """An event that must be refused."""
        event = self.event()
        wrong: Event = self.chance.choice(
            [
                {"countries": event["countries"][:1]},
                {"countries": ["IND", "Atlantis"]},
                {"type": "no_such_type"},
                {"when": "the other day"},
                {"when": "2021/2020"},
                {"title": ""},
                {"unheard_of": 1},
                {"id": "not-a-uuid"},
            ]
        )
        return {**event, **wrong}

    def _countries(self) -> list[str]:
        chance = self.chance
        if chance.random() < _WIDE:
            return sorted(chance.sample(self._among, min(len(self._among), chance.randint(10, 24))))
        wanted = chance.choices((2, 3, 4), (80, 16, 4))[0]
        found: set[str] = set()
        while len(found) < wanted:
            found.update(chance.choices(self._among, self._weights))
        return sorted(found)

    def _when(self) -> str:
        chance = self.chance
        year = chance.randint(1950, 2025)
        kind = chance.random()
        if kind < 0.55:
            return f"{year}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        if kind < 0.7:
            return f"{year}-{chance.randint(1, 12):02}"
        if kind < 0.85:
            return f"{year}"
        if kind < 0.92:
            return f"{year}-03/{year + 1}-{chance.randint(1, 12):02}"
        if kind < 0.96:
            return f"{year}/.."
        return f"../{year}-06-15"
