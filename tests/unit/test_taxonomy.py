"""The types: what they mean, and their codes in CAMEO and PLOVER."""

from collections import Counter

from event_schemas.taxonomy import EVENT_TYPES, TYPES
from ingest_service.importing.cameo import CAMEO

#: The sixteen of the manual of 2021.
PLOVER = {
    "AGREE", "CONSULT", "SUPPORT", "CONCEDE", "COOPERATE", "AID", "RETREAT", "REQUEST", "ACCUSE", "REJECT", "THREATEN",
    "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT",
}  # fmt: skip


def test_every_type_has_a_sentence_of_its_own() -> None:
    said = Counter(kind.description for kind in EVENT_TYPES)
    assert said.most_common(1)[0][1] == 1
    assert all(text[0].isupper() and text.endswith(".") and len(text) <= 100 for text in said)
    assert len(TYPES) == len(EVENT_TYPES)


def test_the_codes_of_cameo_are_those_by_which_files_are_imported() -> None:
    named = {code: kind.code for kind in EVENT_TYPES for code in kind.cameo}
    assert len(named) == sum(len(kind.cameo) for kind in EVENT_TYPES)
    assert named.keys() <= CAMEO.keys()
    longest = {
        code: next(named[code[:length]] for length in range(len(code), 1, -1) if code[:length] in named)
        for code in CAMEO
    }
    assert longest == {code: meaning.type for code, meaning in CAMEO.items()}


def test_the_categories_of_plover_are_all_covered() -> None:
    assert {category for kind in EVENT_TYPES for category in kind.plover} == PLOVER
    for kind in EVENT_TYPES:  # PLOVER has neither comments nor the extensions that nobody acts against
        without = {"statement", "launch", "market_entry", "investment", "programme", "other"}
        assert bool(kind.plover) == (kind.code not in without), kind.code
