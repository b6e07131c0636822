from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from event_schemas.events import content_of, digest_of, read_event
from event_schemas.json_text import write_json
from event_schemas.records import Action, Record
from timeline_service.domain.fold import History, Place, Verdict, apply

START = datetime(2026, 2, 13, tzinfo=UTC)
EVENT_ID = "1b4e28ba-2fa1-51d2-883f-0016d3cca427"


def saying(title: str, action: Action = "recorded", record_id: str = "r", **fields: Any) -> Record:
    event = read_event({"title": title, "when": "2020", "countries": ["IN", "CN"], "type": "ban"})
    content = write_json(content_of(event))
    digest = digest_of(content)
    return Record(record_id, EVENT_ID, action, "anonymous", START, event, content, digest, **fields)


def correcting(title: str, record_id: str = "c", **fields: Any) -> Record:
    return saying(title, "corrected", record_id, reason="a better source", **fields)


def retracting(record_id: str = "t", **fields: Any) -> Record:
    return Record(record_id, EVENT_ID, "retracted", "anonymous", START, reason="false", **fields)


def after(*records: Record) -> tuple[History | None, list[Verdict]]:
    history: History | None = None
    verdicts = []
    for offset, record in enumerate(records):
        history, verdict = apply(history, record, Place(3, offset, START + timedelta(seconds=offset)))
        verdicts.append(verdict)
    return history, verdicts


APPLIED = Verdict("applied", 1)


@pytest.mark.parametrize(
    ("records", "verdict"),
    [
        ([saying("a")], APPLIED),
        ([saying("a"), saying("a")], Verdict("duplicate", 1, first_position="3:0")),
        ([saying("a"), saying("b")], Verdict("rejected", 1, "conflict")),
        ([saying("a"), correcting("b"), saying("a")], Verdict("duplicate", 1, first_position="3:0")),
        ([saying("a"), correcting("b"), saying("b")], Verdict("duplicate", 2, first_position="3:1")),
        ([saying("a"), retracting(), saying("b")], Verdict("rejected", 2, "conflict")),
        ([correcting("a")], Verdict("rejected", problem="unknown-event")),
        ([retracting()], Verdict("rejected", problem="unknown-event")),
        ([saying("a"), correcting("b")], Verdict("applied", 2)),
        ([saying("a"), correcting("b"), correcting("b")], Verdict("duplicate", 2, first_position="3:1")),
        ([saying("a"), correcting("a")], Verdict("rejected", 1, "no-change")),
        ([saying("a"), correcting("b", expected_revision=2)], Verdict("rejected", 1, "stale-revision")),
        (
            [saying("a"), correcting("b", "1", expected_revision=1), correcting("c", "2", expected_revision=1)],
            Verdict("rejected", 2, "stale-revision"),
        ),
        ([saying("a"), retracting("1"), retracting("2")], Verdict("rejected", 2, "already-retracted")),
        ([saying("a"), retracting("1"), retracting("1")], Verdict("duplicate", 2, first_position="3:1")),
        ([saying("a"), retracting(), correcting("a")], Verdict("applied", 3)),
    ],
)
def test_the_last_record_gets_its_verdict(records: list[Record], verdict: Verdict) -> None:
    assert after(*records)[1][-1] == verdict


def test_a_correction_of_a_retracted_event_reinstates_it() -> None:
    history, _ = after(saying("a"), retracting(), correcting("a"))
    assert history is not None
    assert [item.action for item in history.revisions] == ["recorded", "retracted", "reinstated"]
    assert not history.retracted


def test_a_history_remembers_when_it_began() -> None:
    history, _ = after(saying("a"), correcting("b"))
    assert history is not None
    assert (history.first_accepted_at, history.first_recorded_at) == (START, START)


def test_what_is_rejected_changes_nothing() -> None:
    history, _ = after(saying("a"))
    assert after(saying("a"), saying("b"), correcting("a"), correcting("c", expected_revision=9))[0] == history
