from pathlib import Path

import pytest
from tests.unit.test_archive import ONE, OTHER, gap, header, lines

from timeline_service.cli.export_file import Kept, open_export
from timeline_service.domain.export_ranges import ExportRange
from timeline_service.domain.exports import ExportHeader
from timeline_service.errors import ArchiveError

HEADER = ExportHeader("t", 2, 0, 0, 3)


def kept(line: int, at: int, records: int, header: ExportHeader = HEADER, *, ended: bool = False) -> Kept:
    held = ExportRange(header, records, ended)
    held.at = at
    return Kept(held, line)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.ndjson"


@pytest.mark.parametrize(
    ("written", "left", "parts"),
    [
        (b"", b"", []),
        (header(0, 0, 3)[:5], b"", []),
        (header(0, 0, 3)[:-1], b"", []),
        (header(0, 0, 3), header(0, 0, 3), [kept(1, 0, 0)]),
        (ONE[:-1], header(0, 0, 3) + lines(0, 0, 1, 2), [kept(1, 3, 3)]),
        (header(0, 0, 3) + gap(0, 0, 2) + b"{", header(0, 0, 3) + gap(0, 0, 2), [kept(1, 2, 0)]),
        (header(0, 0, 3) + lines(0, 0, 1)[:-1], header(0, 0, 3) + lines(0, 0), [kept(1, 1, 1)]),
        (ONE, ONE, [kept(1, 3, 3, ended=True)]),
        (ONE + OTHER[:7], ONE, [kept(1, 3, 3, ended=True)]),
        (
            ONE + OTHER,
            ONE + OTHER,
            [kept(1, 3, 3, ended=True), kept(6, 1, 1, ExportHeader("t", 2, 1, 0, 1), ended=True)],
        ),
        (ONE + b"x" * 200_000, ONE, [kept(1, 3, 3, ended=True)]),
    ],
)
def test_a_file_is_written_on_behind_its_last_whole_line(
    file: Path, written: bytes, left: bytes, parts: list[Kept]
) -> None:
    file.write_bytes(written)
    with open_export(file) as (opened, found):
        assert found == parts
        opened.write(b"more")
    assert file.read_bytes() == left + b"more"


def test_a_new_file_is_made(file: Path) -> None:
    with open_export(file) as (opened, found):
        assert found == []
        opened.write(ONE)
    assert file.read_bytes() == ONE


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (b"title,when\n", "line 1: is not JSON"),
        (b"title,when\n2020", "line 1: is not JSON"),
        (b"no line", "line 1: is not an export's header"),
        (b'{"topic":' + b" " * 200_000, "line 1: is not an export's header"),
        (ONE.replace(b"LogAppendTime", b"Yesterday"), "line 4: timestamp_type is not one of"),
        (header(0, 0, 3) + lines(0, 0, 2), "line 3: is the record at 0:2: .*The offsets from 1 to 2 are missing"),
        (header(0, 0, 3) + OTHER, "line 2: begins another range, and partition 0 breaks off at 0"),
    ],
)
def test_a_file_that_is_something_else_is_left_alone(file: Path, written: bytes, words: str) -> None:
    file.write_bytes(written)
    with pytest.raises(ArchiveError, match=words), open_export(file):
        pytest.fail("it was opened")
    assert file.read_bytes() == written


def test_a_file_is_written_by_one_process_at_a_time(file: Path) -> None:
    with open_export(file), pytest.raises(ArchiveError, match="another process writes to it"), open_export(file):
        pytest.fail("it was opened")
