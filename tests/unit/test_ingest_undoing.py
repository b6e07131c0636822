"""What of a load stands as it was left: two listings in one order, walked side by side."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingest_service.cli.undoing import compare

DAYS = st.sampled_from([None, "2020-01-01", "2020-06-15", "2021-12-31"])
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "earliest": DAYS,
            "latest": DAYS,
            "accepted_at": st.sampled_from(["2026-02-13T08:30:00.000001Z", "2026-02-13T08:30:00.000002Z"]),
            "id": st.uuids().map(str),
        }
    ),
    unique_by=lambda event: event["id"],
    max_size=20,
)


def in_order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By date, an open start first and an open end last, then by acceptance and id."""
    return sorted(
        events,
        key=lambda event: (
            event["earliest"] is not None, event["earliest"] or "", event["latest"] is None, event["latest"] or "",
            event["accepted_at"], event["id"],
        ),
    )  # fmt: skip


@given(EVENTS, st.data())
def test_each_event_is_told_once_with_whether_it_stands(events: list[dict[str, Any]], data: st.DataObject) -> None:
    ordered = in_order(events)
    choice = data.draw(st.lists(st.sampled_from(["stands", "gone", "came since"]), min_size=20, max_size=20))
    chosen = list(zip(ordered, choice, strict=False))
    then = [event for event, what in chosen if what != "came since"]
    now = [event for event, what in chosen if what != "gone"]
    told = [(event["id"], stands) for event, stands in compare(then, now)]
    assert told == [(event["id"], what != "gone") for event, what in chosen]
