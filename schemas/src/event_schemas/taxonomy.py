"""What an event may be called: its types with their usual valence, domains and stages.

The types follow PLOVER and CAMEO (root codes in the comments), extended by what neither names: trade,
technology and companies. Type, domain and valence are separate fields on purpose: a tariff may be eased.
"""

from difflib import get_close_matches
from typing import Final, Literal, get_args

Valence = Literal["cooperative", "neutral", "conflictual"]
Domain = Literal["trade", "technology", "security", "diplomacy", "legal", "aid", "people"]
Stage = Literal["proposed", "announced", "in_force", "suspended", "ended"]

VALENCES: Final[tuple[str, ...]] = get_args(Valence)
DOMAINS: Final[tuple[str, ...]] = get_args(Domain)
STAGES: Final[tuple[str, ...]] = get_args(Stage)

_BY_VALENCE: Final[dict[Valence | None, str]] = {
    "neutral": "statement request",  # 01, 02, 10
    "cooperative": (
        "intent_to_cooperate consultation visit negotiation endorsement recognition agreement "  # 03–05
        "partnership economic_cooperation military_cooperation judicial_cooperation aid easing "  # 05–08
        "launch market_entry investment programme"  # extensions
    ),
    "conflictual": (
        "investigation accusation dispute rejection threat protest "  # 09, 11–14
        "ban export_control entity_listing investment_block tariff quota trade_remedy "  # 163, 172, ext
        "sanction market_exit aid_cut diplomatic_downgrade expulsion "  # 16x
        "force_posture coercion cyber armed_clash"  # 15, 17, 18–20
    ),
    None: "other",
}

#: Every type's code with the valence that it has unless the event says otherwise (`other` has none).
TYPES: Final[dict[str, Valence | None]] = {
    code: valence for valence, codes in sorted(_BY_VALENCE.items(), key=str) for code in codes.split()
}

#: Of what is no type so much is compared with those that are.
_MAX_COMPARED_LENGTH: Final = 80


def nearest_types(code: str) -> list[str]:
    """The types whose codes look most like `code`, best first; none when nothing is near."""
    folded = code[:_MAX_COMPARED_LENGTH].strip().lower().replace(" ", "_").replace("-", "_")
    near = [known for known in TYPES if folded and (folded in known or known in folded)]
    return list(dict.fromkeys([*near, *get_close_matches(folded, TYPES, n=3, cutoff=0.5)]))[:3]
