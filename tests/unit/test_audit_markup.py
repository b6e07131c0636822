"""What the audit's page says of owners and differences, as markup."""

from typing import Any

from timeline_service.queries.views.status import PartitionView, ProjectionView
from timeline_service.web.audit_page import audit_page, replay_page

EVENT = "80d5d10a-b3b5-59dc-825b-830d249e8c6a"
PARTITION: PartitionView = {
    "partition": 0, "log_start": 0, "log_end": 3, "next_offset": 3, "lag": 0, "owner": "host/4711", "gone_since": None,
    "stopped": None,
}  # fmt: skip


def status(*partitions: PartitionView) -> ProjectionView:
    records: Any = {"total": 3, "applied": 1, "duplicate": 0, "rejected": 2, "parked": 0}
    return {
        "topic": "t", "generation": 1, "lag": 0, "lag_seconds": 0.0, "partitions": list(partitions), "records": records,
    }  # fmt: skip


def body(shown: ProjectionView) -> str:
    return str(audit_page(shown, [], None, [], [], {}).body)


def test_an_owner_that_is_gone_is_named_with_since_when_and_what_to_do() -> None:
    gone: PartitionView = {**PARTITION, "gone_since": "2026-02-13T08:30:00.125000Z"}
    shown = body(status(gone, {**gone, "partition": 1}, {**PARTITION, "partition": 2, "owner": "host/9"}))
    assert "<b>host/4711 is gone</b>: it has not been heard of since" in shown
    assert "2 partitions (0, 1) until <code>timeline project</code> is started" in shown
    assert shown.count("<s><code>host/4711</code></s>") == 2
    assert "<span><code>host/9</code></span>" in shown or "<span><code>host/9</code>" in shown


def test_an_owner_that_is_there_is_not_called_gone() -> None:
    shown = body(status(PARTITION, {**PARTITION, "partition": 1, "owner": None}))
    assert "is gone" not in shown
    assert "nobody yet" in shown


def test_outcomes_lead_to_the_records_that_have_them() -> None:
    shown = body(status(PARTITION))
    assert "<a href='/audit/records?outcome=rejected'>2</a>" in shown
    assert "outcome=parked" not in shown
    assert "outcome=applied" not in shown


def test_a_difference_stands_beside_the_title_of_its_event_with_what_differs_marked() -> None:
    found = {
        "table": "revisions", "key": f"event_id={EVENT}, revision=2", "field": "content", "position": "3:17",
        "live": '{"title":"<WeChat>"}', "log": '{"title":"<TikTok>"}',
    }  # fmt: skip
    result: Any = {
        "equal": False, "digest": "a", "log_digest": "b", "rows": 1, "tables": [], "differences": [found],
        "next_offsets": {}, "seconds": 1.0, "code_version": "c",
    }  # fmt: skip
    view: Any = {
        "id": "0b4f4c1e-5c0b-4c1c-9f6e-1d2f7a1c9d10", "kind": "verify", "state": "succeeded", "result": result,
        "requested_at": "2026-02-13T08:30:00.125000Z", "finished_at": "2026-02-13T08:30:00.125000Z",
    }  # fmt: skip
    shown = str(replay_page(view, {EVENT: "A <b>ban</b>"}).body)
    assert f"<a class=what href='/events/{EVENT}'><bdi>A &lt;b&gt;ban&lt;/b&gt;</bdi></a>" in shown
    assert "<del>WeChat</del>" in shown
    assert "<ins>TikTok</ins>" in shown
    assert "<a href='/recorded/3:17'>3:17</a>" in shown
