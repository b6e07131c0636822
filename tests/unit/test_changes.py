"""Changes that say by themselves what they are and which event they are about."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.running.ingesting import an_event

from event_schemas.errors import RefusedEventError
from event_schemas.records import HEADERS, decode
from ingest_service.domain.accept import Accepted, Terms, accept_correction, accept_retraction
from ingest_service.domain.changes import accept_change

ID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
OTHER = "880f9b74-d82c-5a40-97ce-17fda3695f16"
MOMENT = datetime(2026, 2, 13, 8, 30, 0, 123456, UTC)
TERMS = Terms("anonymous", batch="feed-1")
CORRECTION = {"reason": "a typo", "event": an_event("b"), "expected_revision": 1}
RETRACTION = {"reason": "twice", "expected_revision": 2, "duplicate_of": OTHER}


def accept(value: Any) -> Accepted:
    return accept_change(value, TERMS, accepted_at=MOMENT)


def test_a_change_is_the_record_that_a_request_of_its_own_would_be() -> None:
    corrected = accept({"action": "correct", "id": ID.upper(), **CORRECTION})
    assert corrected == accept_correction(CORRECTION, ID, TERMS, accepted_at=MOMENT)
    retracted = accept({"action": "retract", "id": ID, **RETRACTION})
    assert retracted == accept_retraction(RETRACTION, ID, TERMS, accepted_at=MOMENT)
    for accepted in (corrected, retracted):
        assert accepted.record.batch == "feed-1"
        assert decode(accepted.key, accepted.value, HEADERS) == accepted.record


@pytest.mark.parametrize(
    ("value", "pointers"),
    [
        (None, [""]),
        ([], [""]),
        ({}, ["/action"]),
        ({"id": ID, **RETRACTION}, ["/action"]),
        ({"action": "reinstate", "id": ID}, ["/action"]),
        ({"action": ["correct"], "id": ID}, ["/action"]),
        ({"action": "correct"}, ["/reason", "/event", "/id"]),
        ({"action": "retract"}, ["/reason", "/id"]),
        ({"action": "retract", "id": "1", "reason": ""}, ["/reason", "/id"]),
        ({"action": "retract", "id": ID, "reason": "r", "event": an_event()}, ["/event"]),
        ({"action": "correct", "id": ID, "reason": "r", "event": an_event(), "duplicate_of": ID}, ["/duplicate_of"]),
        (
            {"action": "correct", "id": ID, "reason": "r", "event": an_event(countries=["IN", "IN"])},
            ["/event/countries"],
        ),
        ({"action": "correct", "id": ID, "reason": "r", "event": an_event(id=OTHER)}, ["/event/id"]),
    ],
)
def test_everything_that_is_wrong_with_a_change_is_named(value: Any, pointers: list[str]) -> None:
    with pytest.raises(RefusedEventError) as caught:
        accept(value)
    assert [detail.pointer for detail in caught.value.details] == pointers
