"""What the events of filled tables say: some thousand templates, with words as unequally common as words are."""

from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any, Final

from tests.support.inputs.vector_text import vector_text

from event_schemas.json_text import write_json
from event_schemas.taxonomy import TYPES, VALENCES
from timeline_service.domain.search_documents import document_of
from timeline_service.judge.entries import event_content

_SEED: Final = 20260213
_SYLLABLES: Final = ("ta", "ri", "ko", "ne", "lu", "sha", "mi", "vo", "per", "dan", "gal", "ost")
_VOCABULARY: Final = [a + b + c for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES]
_WEIGHTS: Final = list(accumulate(1 / (rank + 2) for rank in range(len(_VOCABULARY))))
_TYPES: Final = ("statement", "visit", "agreement", "tariff", "consultation", "sanction", "aid", "ban", "other")
_DOMAINS: Final = ("trade", "technology", "security", "diplomacy", None)
_TAGS: Final = ("chips", "border", "summit", "exports", "visas", "rivers", "energy", "apps", "treaty", "cables")
_STAND_IN: Final = ("TUV", "VUT")

COMMON: Final = {"type": "statement", "valence": "cooperative", "domain": "trade", "tag": "chips", "q": _VOCABULARY[0]}
#: What one template alone has.
RARE: Final = {"type": "protest", "valence": "neutral", "domain": "legal", "tag": "yaks", "q": "quixotic"}
RARE_ACTOR: Final = "Yak Breeders' Association"


@dataclass(frozen=True, slots=True)
class Template:
    """An event without pair and date: its content in parts, its traits, and its document but for these facets."""

    before_countries: str
    before_initiators: str
    before_when: str
    traits: tuple[str, str | None, str | None, str | None, int, float | None]
    facets: tuple[str, ...]
    words: str


def templates(count: int) -> list[Template]:
    """So many templates, the same ones in every run; only the first has what is rare."""
    return [_template(number, Random(_SEED + number)) for number in range(count)]


def _template(number: int, random: Random) -> Template:
    actors = [
        {"name": f"{_some_words(random, 2).title()} {random.randint(1, 40)}"} for _ in range(random.choice((0, 1, 2)))
    ]
    event: dict[str, Any] = {
        "title": _some_words(random, 6).capitalize(),
        "summary": _some_words(random, 14).capitalize() + ".",
        "type": random.choices(_TYPES, range(len(_TYPES), 0, -1))[0],
        "valence": random.choices(("cooperative", "conflictual"), (60, 40))[0],
        "domain": random.choice(_DOMAINS),
        "tags": sorted(random.sample(_TAGS, random.choice((0, 1, 2)))),
        "actors": actors,
        "sources": [
            {"publisher": "Reuters", "url": f"https://news.example/{number}/{random.getrandbits(32):08x}"}
            for _ in range(random.choice((0, 1, 1, 2)))
        ],
        "goldstein": random.choice((None, None, random.randint(-100, 100) / 10)),
    }
    if number == 0:
        event |= {name: RARE[name] for name in ("type", "valence", "domain")}
        event |= {"tags": [RARE["tag"]], "actors": [{"name": RARE_ACTOR}], "title": f"A {RARE['q']} notice"}
    assert event["type"] in TYPES
    assert event["valence"] in VALENCES
    said = {name: value for name, value in event.items() if value not in (None, [])}
    text = write_json(said | {"countries": list(_STAND_IN), "initiators": ["!"], "when": "2000"}).decode()
    head, rest = text.split(write_json({"countries": list(_STAND_IN)}).decode()[1:-1])
    middle, tail = rest.removeprefix(",").split('"initiators":["!"],')
    document = document_of(
        event_content(write_json(said | {"countries": list(_STAND_IN), "when": "2000"}).decode()), None
    )
    facets = tuple(facet for facet in document.facets if facet.partition(":")[0] not in {"pair", "country"})
    return Template(
        head, middle, tail.removesuffix('"when":"2000"}'), document.entry.traits, facets, vector_text(document.vector)
    )


def _some_words(random: Random, count: int) -> str:
    return " ".join(random.choices(_VOCABULARY, cum_weights=_WEIGHTS, k=count))
