"""Random events whose values collide often, and random changes of them, for comparisons with the naive model."""

import random
from typing import Any, Final

from tests.support.inputs.log_writing import correcting, recording, retracting, telling_now

from event_schemas.countries import pairs_of
from event_schemas.records import Record

COUNTRIES: Final = ("CHN", "IND", "PAK", "USA")
PAIRS: Final = tuple(pairs_of(COUNTRIES, ()))
WHENS: Final = (
    "2019", "2020", "2020", "2020-06", "2020-06-15", "2020-06-15", "2020-06-16~", "2020-06-15/2020-07", "2020-12-31",
    "2021-01-01", "2021-21", "2020-24", "2020-33", "201X", "19XX", "2020/..", "../2020", "2019-11/", "/2020-06-15",
    "2020-05-31/2021-02-01", "2021?",
)  # fmt: skip
TYPES: Final = ("ban", "tariff", "visit", "statement", "other")
VALENCES: Final = ("cooperative", "neutral", "conflictual")
DOMAINS: Final = ("trade", "technology", "security")
STAGES: Final = ("announced", "in_force", "ended")
TAGS: Final = ("5g", "chips", "rare-earths", "crème")
ACTORS: Final = ("São Paulo Câmara", "ALIBABA.com", "alibaba.COM", "Ministry of Commerce", "Straße AG", "Huawei")
PUBLISHERS: Final = (None, None, "Le Monde", "LE MONDE", "The Hindu", "Xinhua — 新华社", "École")
CODES: Final[tuple[dict[str, str], ...]] = ({}, {"cameo": "163"}, {"gdelt": "1:2"}, {"cameo": "1:2", "gdelt": "163"})
BATCHES: Final = (None, None, "gdelt-2026-02-13", "feed:1", "x" * 128)
TITLES: Final = (
    "Steel tariff", "Talks on steel & chips", "<b>Ban</b> of a CÂMARA's visit", "Tariff on steel: talks ended",
    "Réunion de São Paulo", "5G chips, 5G ban",
)  # fmt: skip
SUMMARIES: Final = (
    None,
    None,
    "Talks about a steel tariff.\nThe ministry of commerce said no.",
    'A "ban" on rare earths; the crème of <chips> & more. ' + "Nothing else was said. " * 30 + "Then Alibaba came.",
)


def random_fields(chance: random.Random) -> dict[str, Any]:
    """All that an event says."""
    countries = chance.sample(COUNTRIES, chance.choice([2, 2, 2, 3, 4]))
    initiators = chance.sample(countries, chance.randint(1, len(countries) - 1)) if chance.random() < 0.6 else None
    return {
        "title": chance.choice(TITLES),
        "when": chance.choice(WHENS),
        "countries": countries,
        "initiators": initiators,
        "type": chance.choice(TYPES),
        "valence": chance.choice([None, None, *VALENCES]),
        "domain": chance.choice([None, *DOMAINS]),
        "stage": chance.choice([None, *STAGES]),
        "summary": chance.choice(SUMMARIES),
        "actors": [{"name": name} for name in chance.sample(ACTORS, chance.choice([0, 0, 1, 2]))],
        "tags": chance.sample(TAGS, chance.choice([0, 1, 1, 2])),
        "sources": [_source(chance, number) for number in range(chance.choice([0, 0, 1, 2, 3]))],
        "codes": chance.choice(CODES),
        "goldstein": chance.choice([None, None, -10, -2.5, 0, 3.4]),
    }


def _source(chance: random.Random, number: int) -> dict[str, Any]:
    publisher = chance.choice(PUBLISHERS)
    return {"url": f"https://example.org/{number}"} | ({"publisher": publisher} if publisher else {})


class RandomWriter:
    """Writes one random record after the other: events, corrections of any kind, retractions, reinstatements."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._known: list[Record] = []

    def event(self) -> Record:
        """A new event, at times accepted in the same microsecond as the one before."""
        twin = self._known[-1].accepted_at if self._known and self._chance.random() < 0.2 else None
        identifier = f"{self._chance.getrandbits(128):032x}"
        event_id = "-".join(identifier[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
        record = recording(**random_fields(self._chance), event_id=event_id, accepted_at=twin)
        self._known.append(record)
        return record

    def change(self) -> Record:
        """A correction or retraction of an event that may be retracted already, or how a feed has it now."""
        event_id = self._chance.choice(self._known).event_id
        if self._chance.random() < 0.35:
            return retracting(event_id)
        if self._chance.random() < 0.3:
            return telling_now(event_id, **random_fields(self._chance))
        return correcting(event_id, **random_fields(self._chance))

    def record(self) -> Record:
        """Anything."""
        record = self.event() if not self._known or self._chance.random() < 0.5 else self.change()
        return record._replace(batch=self._chance.choice(BATCHES))
