"""The records of the event model's facts, as the log would hold them."""

from functools import cache
from typing import Final

from tests.support.models.event_model import Fact, Kind, Words

from event_schemas.event_fields import EventFields
from event_schemas.events import digest_of, read_content
from event_schemas.records import Action, Record, encode_value

WORDS: Final = [
    Words("a", "2020", (("CHN", "IND"),)),
    Words("b", "2020", (("CHN", "IND"),)),
    Words("a", "2020-05", (("CHN", "IND"), ("CHN", "USA"), ("IND", "USA"))),
    Words("a", "2020-05-06", (("CHN", "USA"), ("IND", "USA"))),  # the United States acted
    Words("c", "2020/..", (("DEU", "FRA"),)),
    Words("c", "../2019", (("DEU", "FRA"),)),
]


def value_of(fact: Fact) -> bytes:
    """A fact's record as the log holds it."""
    actions: dict[Kind, Action] = {
        "recorded": "recorded",
        "told-now": "recorded",
        "corrected": "corrected",
        "retracted": "retracted",
    }
    event, written, digest = content(fact.words) if fact.words is not None else (None, None, None)
    record = Record(
        fact.record_id, str(fact.event), actions[fact.kind], "anonymous", fact.accepted_at, event, written, digest
    )
    if fact.kind == "told-now":
        record = record._replace(reason="as the feed has it", on_existing="correct")
    elif fact.kind != "recorded":
        record = record._replace(reason="a better source", expected_revision=fact.expecting)
    return encode_value(record._replace(batch=fact.batch))


@cache
def content(words: Words) -> tuple[EventFields, bytes, str]:
    """The event that says the words, its content and digest."""
    countries = sorted({code for pair in words.pairs for code in pair})
    directed = {"initiators": ["USA"]} if len(words.pairs) == 2 else {}
    event, written = read_content(
        {"title": words.title, "when": words.when, "countries": countries, "type": "ban", **directed}
    )
    return event, written, digest_of(written)
