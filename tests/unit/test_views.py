from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.support.inputs.event_strategies import revisions

from service_edge.openapi import POSITION, ref
from timeline_service.adapters.postgres.rows import RecordRow
from timeline_service.api.shapes import SHAPES
from timeline_service.domain.revisions import Revision
from timeline_service.queries.views.events import event_json, event_view
from timeline_service.queries.views.records import record_view

AT = datetime(2026, 2, 13, 1, 2, 3, tzinfo=UTC)
ID = "1b4e28ba-2fa1-51d2-883f-0016d3cca427"


def row(**fields: Any) -> Revision:
    content = '{"countries":["CHN","IND"],"title":"t","type":"ban","valence":"conflictual","when":"2020~/.."}'
    return Revision(
        event_id=UUID(ID), revision=2, action="corrected", partition=1, from_offset=9, content=content,
        recorded_at=AT.replace(hour=9), first_recorded_at=AT, first_accepted_at=AT.replace(microsecond=5),
    )._replace(**fields)  # fmt: skip


def test_an_event_reads_as_the_contract_shapes_it() -> None:
    assert dict(event_view(row())) == {
        "id": ID, "title": "t", "when": "2020~/..", "countries": ["CHN", "IND"], "type": "ban", "initiators": (),
        "summary": None, "valence": "conflictual", "domain": None, "stage": None, "actors": (), "sources": (),
        "tags": (), "codes": {}, "goldstein": None, "attributes": {},
        "earliest": "2020-01-01", "latest": None, "precision": "interval", "approximate": True, "uncertain": False,
        "pairs": ["CHN-IND"], "revision": 2, "status": "current", "accepted_at": "2026-02-13T01:02:03.000005Z",
        "recorded_at": "2026-02-13T01:02:03.000000Z", "revised_at": "2026-02-13T09:02:03.000000Z", "position": "1:9",
    }  # fmt: skip


@given(revisions(), st.booleans())
def test_an_event_is_written_as_it_is_read(revision: Revision, is_whole_second: bool) -> None:
    at = revision.recorded_at.replace(microsecond=0) if is_whole_second else revision.recorded_at
    told = revision._replace(recorded_at=at)
    assert event_json(told) == event_json(told) == orjson.dumps(event_view(told))


def test_an_event_that_is_long_is_written_so_too() -> None:
    long = row(content=orjson.dumps({**orjson.loads(row().content), "summary": "x" * 5_000}).decode())
    assert event_json(long) == orjson.dumps(event_view(long))


def test_a_retracted_event_is_marked() -> None:
    assert event_view(row(action="retracted"))["status"] == "retracted"
    assert event_view(row(action="reinstated"))["status"] == "current"


def test_a_records_view_names_what_it_has() -> None:
    applied = RecordRow(UUID(ID), "applied", None, None, 2, None, AT.replace(hour=9), "feed-1")
    assert record_view("1:9", applied) == {
        "position": "1:9", "outcome": "applied", "event_id": ID, "revision": 2,
        "recorded_at": "2026-02-13T09:02:03.000000Z", "batch": "feed-1",
    }  # fmt: skip
    other = RecordRow(None, "rejected", "malformed", "empty", None, None, AT, None)
    assert record_view("1:9", other) == {
        "position": "1:9", "outcome": "rejected", "event_id": None, "problem": "malformed", "detail": "empty",
        "recorded_at": "2026-02-13T01:02:03.000000Z",
    }  # fmt: skip


def test_an_event_fits_the_schema_that_is_published() -> None:
    Draft202012Validator(SHAPES["Event"]).validate(orjson.loads(orjson.dumps(event_view(row()))))


def test_a_schema_is_made_of_what_a_view_says() -> None:
    assert SHAPES["Redrive"] == {"type": "object", "required": ["position"], "properties": {"position": POSITION}}
    assert SHAPES["Replays"]["properties"]["items"] == {"type": "array", "items": ref("Replay")}
    assert SHAPES["ReplayRequest"]["additionalProperties"] is False
    assert "snippet" in SHAPES["Event"]["properties"].keys() - {*SHAPES["Event"]["required"]}
