from pathlib import Path

import pytest

from timeline_service.domain.arrivals import RawRecord
from timeline_service.domain.exports import ExportHeader, write_header, write_record
from timeline_service.errors import ArchiveError
from timeline_service.replay.archive import Archive


def raw(partition: int, offset: int, value: bytes | None = b"value") -> RawRecord:
    return RawRecord(partition, offset, 1_000 + offset, b"key", value, (("name", b"x"),))


def header(partition: int, start: int, end: int, *, topic: str = "t", partitions: int = 2) -> bytes:
    return write_header(ExportHeader(topic, partitions, partition, start, end))


def lines(partition: int, *offsets: int) -> bytes:
    return b"".join(write_record(raw(partition, offset), "LogAppendTime") for offset in offsets)


ONE = header(0, 0, 3) + lines(0, 0, 1, 2)
OTHER = header(1, 0, 1) + lines(1, 0)


def written(tmp_path: Path, *parts: bytes) -> Path:
    file = tmp_path / "export.ndjson"
    file.write_bytes(b"".join(parts))
    return file


def offsets(archive: Archive, partition: int) -> list[int]:
    return [record.offset for batch in archive.records(partition) for record, _ in batch]


def test_an_archive_gives_back_what_was_exported(tmp_path: Path) -> None:
    archive = Archive(written(tmp_path, ONE, OTHER))
    assert (archive.topic, archive.partitions, archive.next_offsets) == ("t", 2, (3, 1))
    assert list(archive.records(0)) == [[(raw(0, number), 8) for number in range(3)]]
    assert list(archive.records(0)) == list(archive.records(0))
    assert offsets(archive, 1) == [0]


def test_an_empty_log_is_an_archive_of_headers(tmp_path: Path) -> None:
    archive = Archive(written(tmp_path, header(0, 0, 0), header(1, 0, 0)))
    assert archive.next_offsets == (0, 0)
    assert list(archive.records(1)) == []


def test_ranges_that_join_are_one_wherever_they_stand(tmp_path: Path) -> None:
    parts = header(1, 1, 4) + lines(1, 1, 3), header(0, 3, 3), ONE, header(0, 3, 4) + lines(0, 3), OTHER
    archive = Archive(written(tmp_path, *parts))
    assert archive.next_offsets == (4, 4)
    assert (offsets(archive, 0), offsets(archive, 1)) == ([0, 1, 2, 3], [0, 1, 3])


def test_batches_are_bounded_by_records_and_by_bytes(tmp_path: Path) -> None:
    large = (write_record(raw(1, offset, bytes(1_000_000)), "LogAppendTime") for offset in range(20))
    archive = Archive(
        written(tmp_path, header(0, 0, 2_500), lines(0, *range(2_500)), header(1, 0, 20), b"".join(large))
    )
    assert [len(batch) for batch in archive.records(0)] == [1_000, 1_000, 500]
    assert [len(batch) for batch in archive.records(1)] == [9, 9, 2]


def test_the_markers_of_a_transaction_at_the_end_are_allowed_for_when_asked(tmp_path: Path) -> None:
    file = written(tmp_path, header(0, 0, 4), lines(0, 0, 1), OTHER)
    with pytest.raises(ArchiveError, match="line 3: partition 0 breaks off at 2, and 4 is promised in line 1"):
        Archive(file)
    archive = Archive(file, allow_missing_end=True)
    assert archive.next_offsets == (4, 1)
    assert offsets(archive, 0) == [0, 1]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "the file is empty"),
        ([b"\x1f\x8b" * 100_000], "line 1: is not JSON .*: expected an export's header"),
        ([b"title,when\n"], "line 1: is not JSON .*: expected an export's header"),
        ([lines(0, 0, 1)], "line 1: is not an export's header"),
        ([ONE, b"\n", OTHER], "line 5: is not JSON"),
        ([ONE, b'{"key":1}\n', OTHER], "line 5: is not an export's header"),
        ([ONE, header(1, 0, 1, topic="u"), lines(1, 0)], "line 5: expected t with 2 partitions, as in line 1"),
        ([ONE, header(1, 0, 1, partitions=3), lines(1, 0)], "line 5: expected t with 2 partitions, as in line 1"),
        ([ONE], "partition 1 of 2 is missing"),
        ([OTHER, header(0, 1, 3), lines(0, 1, 2)], "line 3: partition 0 begins at 1: what is before is missing"),
        (
            [ONE, OTHER, header(0, 4, 5), lines(0, 4)],
            "line 7: partition 0 goes on from 4, .* line 1 ends at 3: .*missing",
        ),
        ([ONE, OTHER, header(0, 2, 4), lines(0, 2, 3)], "line 7: partition 0 goes on from 2, .* at 3: .*twice"),
        ([ONE, OTHER, OTHER], "line 7: partition 1 goes on from 0, .* at 1: .*twice"),
        ([OTHER, ONE[:-1]], "line 6: is cut off"),
        ([ONE, header(1, 0, 0)[:-1]], "line 5: is cut off"),
        ([OTHER, ONE[:-40]], "line 6: is cut off"),
        ([OTHER, header(0, 0, 3), lines(0, 0, 1)], "line 5: partition 0 breaks off at 2, and 3 is promised in line 3"),
        ([OTHER, header(0, 0, 3)], "line 3: partition 0 breaks off at 0, and 3 is promised in line 3"),
        ([OTHER, header(0, 0, 2), lines(0, 0, 1, 2)], "line 6: partition 0 breaks off at 3, and 2 is promised"),
    ],
)
def test_what_is_not_a_whole_export_is_refused(tmp_path: Path, parts: list[bytes], words: str) -> None:
    with pytest.raises(ArchiveError, match=words):
        Archive(written(tmp_path, *parts))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot be read: No such file"):
        Archive(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (lines(0, 0, 1, 1, 2), "line 4: is the record at 0:1: expected one of partition 0 from 2 to 3"),
        (lines(0, 1, 0, 2), "line 3: is the record at 0:0: expected one of partition 0 from 2 to 3"),
        (lines(0, 0, 7, 2), "line 3: is the record at 0:7: expected one of partition 0 from 1 to 3"),
        (lines(0, 0) + lines(1, 1) + lines(0, 2), "line 3: is the record at 1:1: expected one of partition 0 from 1"),
        (lines(0, 0) + lines(0, 1).replace(b"dmFsdWU=", b"dmFsdWQ=") + lines(0, 2), "line 3: sha256.value is not"),
    ],
)
def test_records_that_cannot_stand_there_are_refused_when_they_are_read(
    tmp_path: Path, part: bytes, words: str
) -> None:
    archive = Archive(written(tmp_path, header(0, 0, 3), part, OTHER))
    with pytest.raises(ArchiveError, match=words):
        list(archive.records(0))
    assert offsets(archive, 1) == [0]
