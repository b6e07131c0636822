"""What somebody may have meant."""

from difflib import get_close_matches

import pytest

from event_schemas.near_texts import NearTexts

KNOWN = [
    "india",
    "indonesia",
    "china",
    "chad",
    "cote d ivoire",
    "congo kinshasa",
    "congo brazzaville",
    "niger",
    "nigeria",
]


@pytest.mark.parametrize(
    "text",
    [
        "indai", "indonesai", "chnia", "cad", "ivoire cote d", "congo", "nigr", "nigeriaa", "idnia", "iiiiii",
        "", "x", "ñ", "india india india india", "atlantis",
    ],
)  # fmt: skip
def test_the_nearest_are_those_of_difflib(text: str) -> None:
    assert NearTexts(KNOWN).to(text, most=3, cutoff=0.7) == get_close_matches(text, KNOWN, n=3, cutoff=0.7)


def test_no_known_texts_are_near_nothing() -> None:
    assert NearTexts([]).to("india", most=3, cutoff=0.7) == []


def test_what_is_much_less_near_than_the_nearest_is_left_out() -> None:
    near = NearTexts(KNOWN)
    assert near.to("indonesai", most=3, cutoff=0.3) != ["indonesia"]
    assert near.to("indonesai", most=3, cutoff=0.3, margin=0.1) == ["indonesia"]
    assert near.to("nigera", most=3, cutoff=0.3, margin=0.1) == ["nigeria", "niger"]
