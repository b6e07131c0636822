"""What an event may be called: its types with their usual valence, domains and stages.

The types follow PLOVER and CAMEO, extended by what neither names: trade, technology and companies. Type, domain and
valence are separate fields on purpose: a tariff may be eased.
"""

import json
from difflib import get_close_matches
from importlib.resources import files
from typing import Final, Literal, NamedTuple, get_args

Valence = Literal["cooperative", "neutral", "conflictual"]
Domain = Literal["trade", "technology", "security", "diplomacy", "legal", "aid", "people"]
Stage = Literal["proposed", "announced", "in_force", "suspended", "ended"]

VALENCES: Final[tuple[str, ...]] = get_args(Valence)
DOMAINS: Final[tuple[str, ...]] = get_args(Domain)
STAGES: Final[tuple[str, ...]] = get_args(Stage)


class EventType(NamedTuple):
    """A type: the valence that it has unless the event says otherwise (`other` has none), and what it means.

    `cameo` are the codes that it covers, each with all that begin with it, but for those that another type names;
    `plover` are the categories of PLOVER (2021) in which its events fall. What neither knows has no codes.
    """

    code: str
    valence: Valence | None
    description: str
    cameo: list[str]
    plover: list[str]


_DATA: Final = json.loads((files(__package__) / "event_types.json").read_text(encoding="utf-8"))
EVENT_TYPES: Final = tuple(EventType(**kind) for kind in _DATA)
#: Every type's code with its valence.
TYPES: Final[dict[str, Valence | None]] = {kind.code: kind.valence for kind in EVENT_TYPES}

#: Of what is no type so much is compared with those that are.
_MAX_COMPARED_LENGTH: Final = 80


def nearest_types(code: str) -> list[str]:
    """The types whose codes look most like `code`, best first; none when nothing is near."""
    folded = code[:_MAX_COMPARED_LENGTH].strip().lower().replace(" ", "_").replace("-", "_")
    near = [known for known in TYPES if folded and (folded in known or known in folded)]
    return list(dict.fromkeys([*near, *get_close_matches(folded, TYPES, n=3, cutoff=0.5)]))[:3]
