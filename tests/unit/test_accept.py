from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from tests.support.running.ingesting import an_event

from event_schemas.errors import RefusedEventError
from event_schemas.events import id_from_key, id_from_origin
from event_schemas.records import HEADERS, decode
from ingest_service.domain.accept import (
    Accepted,
    Clock,
    Terms,
    accept_correction,
    accept_event,
    accept_retraction,
    require_event_size,
    require_event_size_within,
)
from ingest_service.errors import TooLargeError

MOMENT = datetime(2026, 2, 13, 8, 30, 0, 123456, UTC)
TERMS = Terms("anonymous")
ID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"


def accept(value: Any, **given: Any) -> Accepted:
    return accept_event(value, TERMS, accepted_at=MOMENT, **given)


def correct(value: Any, event_id: str = ID, **given: Any) -> Accepted:
    return accept_correction(value, event_id, TERMS, accepted_at=MOMENT, **given)


def retract(value: Any, event_id: str = ID, **given: Any) -> Accepted:
    return accept_retraction(value, event_id, TERMS, accepted_at=MOMENT, **given)


def test_what_is_accepted_reads_back_as_the_record() -> None:
    for accepted in (
        accept_event(an_event(id=ID), Terms("anonymous", "as the feed has it"), accepted_at=MOMENT),
        accept(an_event(id=ID), origin=("https://example.org", "7")),
        correct({"reason": "a typo", "event": an_event("b"), "expected_revision": 1}),
        retract({"reason": "it did not happen", "duplicate_of": ID}),
    ):
        assert accepted.key == ID.encode()
        read = decode(accepted.key, accepted.value, HEADERS)
        assert read == accepted.record


def test_an_events_id_is_its_own_else_its_origins_else_its_keys_else_its_contents() -> None:
    origin = ("https://example.org", "7")
    assert accept(an_event(id=ID.upper()), key="k", origin=origin).record.event_id == ID
    assert accept(an_event(), key="k", origin=origin).record.event_id == id_from_origin(*origin)
    assert accept(an_event(), key="k").record.event_id == id_from_key("anonymous", "k")
    same = accept({**an_event(" a ban "), "countries": ["China", "India"], "summary": ""})
    assert same.record.event_id == accept(an_event()).record.event_id != accept(an_event("b")).record.event_id


def test_read_only_fields_are_ignored_but_not_a_retraction() -> None:
    assert accept(an_event(pairs=["CHN-IND"], revision=3, status="current")).value == accept(an_event()).value
    with pytest.raises(RefusedEventError) as caught:
        accept(an_event(status="retracted"))
    assert caught.value.details[0].pointer == "/status"


def test_an_events_size_counts_what_is_ignored_whatever_it_is() -> None:
    within = {"data": an_event(snippet=[10**30, "x" * 300_000])}
    with pytest.raises(TooLargeError):
        require_event_size_within(within, "data", 300_200)


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, {"title": "t"}])
def test_what_is_no_event_is_refused(value: Any) -> None:
    with pytest.raises(RefusedEventError):
        accept(value)


def test_a_change_with_a_key_or_an_expectation_is_the_same_record_again() -> None:
    expecting = {"reason": "a typo", "event": an_event(), "expected_revision": 1}
    blind = {"reason": "a typo", "event": an_event()}
    assert correct(expecting).record.record_id == correct(expecting).record.record_id
    assert correct(expecting).record.record_id != correct({**expecting, "expected_revision": 2}).record.record_id
    assert correct(blind, key="k").record.record_id == correct({**blind, "reason": "b"}, key="k").record.record_id
    assert correct(blind).record.record_id != correct(blind).record.record_id
    assert retract({"reason": "a", "expected_revision": 1}).record.record_id != correct(expecting).record.record_id


def test_what_corrects_what_is_there_has_a_record_id_of_its_own() -> None:
    feed = Terms("anonymous", correcting="as the feed has it")
    first, second = (accept_event(an_event(), feed, accepted_at=MOMENT).record for _ in range(2))
    assert (first.action, first.on_existing, first.reason) == ("recorded", "correct", "as the feed has it")
    assert first.event_id == second.event_id == accept(an_event()).record.event_id
    assert first.record_id != second.record_id
    assert accept(an_event()).record.record_id == accept(an_event()).record.record_id


def test_a_correction_of_another_event_than_the_address_names_is_refused() -> None:
    with pytest.raises(RefusedEventError) as caught:
        correct({"reason": "a typo", "event": an_event(id="880f9b74-d82c-5a40-97ce-17fda3695f16")})
    assert caught.value.details[0].pointer == "/event/id"
    assert orjson.loads(correct({"reason": "a typo", "event": an_event(id=ID)}).value)["subject"] == ID


def test_the_clock_never_stands_still_and_never_goes_back() -> None:
    moments = iter([MOMENT, MOMENT, MOMENT - timedelta(seconds=1), MOMENT + timedelta(seconds=1)])
    clock = Clock(lambda: next(moments))
    ticks = [clock.tick() for _ in range(4)]
    assert ticks == [MOMENT, MOMENT + timedelta(microseconds=1), MOMENT + timedelta(microseconds=2), ticks[3]]
    assert ticks[3] == MOMENT + timedelta(seconds=1)


def test_an_event_is_at_most_256_kib() -> None:
    require_event_size(256 * 1024)
    with pytest.raises(TooLargeError, match="256 KiB"):
        require_event_size(256 * 1024 + 1)


def test_what_stands_around_an_event_does_not_count() -> None:
    event = an_event(attributes={"a": "x" * 262_000})
    require_event_size_within({"event": event, "reason": "r" * 1000}, "event", 263_200)
    for whole in ({"event": an_event(attributes={"a": "x" * 262_144})}, {"other": event}, [event]):
        with pytest.raises(TooLargeError, match="256 KiB"):
            require_event_size_within(whole, "event", 263_200)
