"""What became of a record, as people read it."""

from collections.abc import Mapping
from typing import Final

#: What each problem says of a record.
PROBLEM_WORDS: Final[Mapping[str, str]] = {
    "conflict": "An event with this id says something else. To change it, correct it.",
    "stale-revision": "Somebody had changed the event since its writer saw it. Nothing of theirs was overwritten: look "
    "at the event, and correct it again if need be.",
    "unknown-event": "No such event had been recorded before.",
    "already-retracted": "The event had been retracted before.",
    "retracted": "The event had been retracted, and a feed does not bring it back.",
    "no-change": "The event said so already.",
    "unsigned": "It was not signed with a key that is trusted here: whoever runs these services has to look.",
    "malformed": "It is no record of ours: its bytes are kept, and mean nothing here.",
    "unknown-version": "It is of a version that this code does not know: newer code judges it by itself.",
    "failed": "This code could not judge it: code that is mended judges it by itself.",
    "behind-parked": "It waits behind another record of its event that is parked.",
}
OUTCOME_WORDS: Final[Mapping[str, str]] = {
    "applied": "It is applied, and shown.",
    "duplicate": "The same had been recorded before, so nothing has changed.",
}


def meaning_of(outcome: str, problem: str | None) -> str:
    """What that means; empty where no words are known."""
    return PROBLEM_WORDS.get(problem or "", "") or OUTCOME_WORDS.get(outcome, "")
