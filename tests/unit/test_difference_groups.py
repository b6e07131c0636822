from typing import Any

from timeline_service.web.difference_groups import DifferenceGroup, event_ids, grouped

EVENT = "80d5d10a-b3b5-59dc-825b-830d249e8c6a"


def difference(
    table: str, key: str, live: Any, log: Any, field: str | None = None, position: str | None = "0:1"
) -> Any:
    return {"table": table, "key": key, "field": field, "live": live, "log": log, "position": position}


def marked(group: DifferenceGroup) -> tuple[list[str], list[str]]:
    """What is only live, and what only the log says."""
    return (
        [piece.text for piece in group.live if piece.kind != "same"],
        [piece.text for piece in group.log if piece.kind != "same"],
    )


def test_an_altered_count_is_told_once_for_all_partitions() -> None:
    items = [
        difference("pair_counts", f"pair=CHN-IND, partition={number}", number + 1, number, "events", f"{number}:7")
        for number in range(12)
    ]
    other = difference("pair_counts", "pair=FRA-IND, partition=3", 9, 8, "events")
    one, two = grouped([*items, other])
    assert (one.key, one.among, len(one.positions)) == ("pair=CHN-IND", "in 12 partitions together", 12)
    assert marked(one) == (["78"], ["66"])
    assert (two.key, two.among) == ("pair=FRA-IND, partition=3", "")


def test_what_is_altered_of_an_event_in_all_its_pairs_is_told_once() -> None:
    items = [
        difference("entries", f"event_id={EVENT}, revision=1, pair={pair}", 9.5, 1.0, "goldstein") for pair in "AB"
    ]
    unlike = difference("entries", f"event_id={EVENT}, revision=1, pair=C", 3.0, 1.0, "goldstein")
    one, two = grouped([*items, unlike])
    assert (one.key, one.event_id, one.among) == (f"event_id={EVENT}, revision=1", EVENT, "alike in 2 pairs")
    assert two.among == ""


def test_rows_that_are_missing_or_too_many_stand_for_themselves() -> None:
    rows = [difference("pair_counts", f"pair=CHN-IND, partition={n}", None, {"events": 1}) for n in range(3)]
    assert [group.among for group in grouped(rows)] == ["", "", ""]
    assert "".join(piece.text for piece in grouped(rows)[0].live) == "no such row"


def test_what_changed_inside_a_value_is_marked() -> None:
    (group,) = grouped(
        [difference("revisions", f"event_id={EVENT}, revision=1", '{"title":"WeChat is banned"}',
                    '{"title":"TikTok is banned"}', "content")]
    )  # fmt: skip
    assert group.field == "content /title"
    assert marked(group) == (["WeChat"], ["TikTok"])
    assert "".join(piece.text for piece in group.live) == "WeChat is banned"


def test_what_is_no_whole_content_is_compared_as_a_text() -> None:
    (group,) = grouped([difference("revisions", f"event_id={EVENT}, revision=1", '{"title":"a b', "null", "content")])
    assert group.field == "content"


def test_the_events_are_named_of_which_rows_tell() -> None:
    items = [
        difference("revisions", f"event_id={EVENT}, revision=1", 1, 2),
        difference("outcomes", "partition=0", 1, 2),
    ]
    assert event_ids(items) == {EVENT}
