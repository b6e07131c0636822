"""Receipts wait in the order in which they came, in a file that does not grow for ever."""

import pytest

from ingest_service.cli import receipts as module
from ingest_service.cli.parts import Part, Receipt, numbered
from ingest_service.cli.receipts import Receipts
from ingest_service.importing.files import FileError
from ingest_service.importing.tally import Tally


def receipt(position: str, number: int = 1, rows: int = 1) -> Receipt:
    return Receipt.of(position, f"event {number}", number, Part(b'{"title":"\xc3\xa9"}', f"line {number}", rows))


def test_receipts_come_back_as_they_went_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HELD_BYTES", 100)  # so that they lie on disk
    waiting = Receipts()
    bodies = [[receipt("0:7", 1), receipt("2:0", 2), receipt("0:5", 3)], [receipt("1:9", 4)], [receipt("0:8", 5)]]
    for body in bodies:
        waiting.add(body)
    first, whole = waiting.first, waiting.all()
    assert (first.records, first.since, first.until) == (3, "0:4", "0:7,2:0")
    assert (whole.records, whole.since, whole.until) == (5, "0:4,1:8", "0:8,1:9,2:0")
    for body in bodies:
        assert waiting.read(waiting.first) == body
        waiting.drop_first()
    assert len(waiting) == 0
    waiting.add([receipt("3:1")])
    assert waiting.first.start == 0  # what was read is given up
    waiting.close()


def test_a_disk_without_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Receipts()

    class Full:
        def seek(self, _: int) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            pass

    waiting.close()
    monkeypatch.setattr(waiting, "_file", Full())
    with pytest.raises(FileError, match="no room in the folder for temporary files"):
        waiting.add([receipt("0:1")])


def test_lines_are_numbered_as_they_stand() -> None:
    parts = list(numbered("line", [b"1\n", b"\n", b"2"]))
    assert parts == [Part(b"1", "line 1"), Part(b"", "line 2"), Part(b"2", "line 3")]


def test_outcomes_add_up_row_by_row() -> None:
    tally = Tally(rows=12, recorded=4, recorded_rows=9, refused=1, refused_rows=3)
    for outcome, problem, rows in (("rejected", "conflict", 1), ("applied", "", 4), ("duplicate", "", 2)):
        tally.judge(outcome, problem, rows)
    assert tally.lines() == [
        (4, "applied, as 1 event"),
        (2, "duplicate, as 1 event"),
        (1, "rejected: conflict, as 1 event"),
        (2, "recorded, as 1 event"),
        (3, "refused, as 1 event"),
    ]
    assert sum(count for count, _ in tally.lines()) == tally.rows
    assert tally.in_short() == "applied 1, duplicate 1, rejected 1, parked 0 (conflict 1)"
    assert (tally.rejected, tally.judged) == (1, 3)
