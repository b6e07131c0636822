from typing import Any

from timeline_service.domain.snapshots import OrphanRow, OrphanRows, Snapshot


def snapshot(**parts: Any) -> Snapshot:
    """Of a live projection of two partitions, in order but for what is given."""
    nothing: dict[str, Any] = {"redriven": 0, "digests": {}, "foreign": [], "parked_elsewhere": 0}
    vectors = {"vector": (3, 5), "documents": (3, 5), "held": (3, 5)}
    return Snapshot(**{**vectors, **nothing, "orphan_rows": OrphanRows([], {}), **parts})


def test_nothing_is_said_of_a_projection_in_order() -> None:
    assert not [*snapshot().orphans(), *snapshot().set_back()]


def test_a_checkpoint_that_documents_lie_beyond_was_set_back() -> None:
    (told,) = snapshot(held=(3, 2)).set_back()
    assert (told.table, told.key, told.field) == ("search_checkpoints", "partition=1", "next_offset")
    assert (told.live, told.log, told.position) == (2, 5, "1:4")


def test_a_row_beyond_the_log_is_told_with_its_offsets() -> None:
    (told,) = snapshot(
        orphan_rows=OrphanRows([OrphanRow("outcomes", "partition=0, offset=9", 0, 9, None)], {"outcomes": 1})
    ).orphans()
    assert (told.field, told.live, told.log, told.position) == (
        None,
        {"from_offset": 9, "until_offset": None},
        None,
        "0:9",
    )


def test_a_checkpoint_of_documents_beyond_the_rows_is_told_with_where_it_may_be() -> None:
    orphan_rows = [OrphanRow("search_checkpoints", f"partition={p}", p, 9, None) for p in (1, 7)]
    told = [*snapshot(orphan_rows=OrphanRows(orphan_rows, {"search_checkpoints": 2})).orphans()]
    assert [(each.live, each.log, each.position) for each in told] == [(9, 5, None), (9, None, None)]
