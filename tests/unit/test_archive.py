from pathlib import Path

import pytest

from timeline_service.domain.exports import End, ExportHeader, Gap, write_end, write_gap, write_header, write_record
from timeline_service.errors import ArchiveError
from timeline_service.judge.decoding import RawRecord
from timeline_service.replay.archive import Archive


def raw(partition: int, offset: int, value: bytes | None = b"value") -> RawRecord:
    return RawRecord(partition, offset, 1_000 + offset, b"key", value, (("name", b"x"),))


def header(partition: int, start: int, end: int, *, topic: str = "t", partitions: int = 2) -> bytes:
    return write_header(ExportHeader(topic, partitions, partition, start, end))


def lines(partition: int, *offsets: int) -> bytes:
    return b"".join(write_record(raw(partition, offset), "LogAppendTime") for offset in offsets)


def gap(partition: int, start: int, end: int) -> bytes:
    return write_gap(Gap(partition, start, end))


def end(partition: int, records: int, next_offset: int) -> bytes:
    return write_end(End(partition, records, next_offset))


ONE = header(0, 0, 3) + lines(0, 0, 1, 2) + end(0, 3, 3)
OTHER = header(1, 0, 1) + lines(1, 0) + end(1, 1, 1)


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
    archive = Archive(written(tmp_path, header(0, 0, 0), end(0, 0, 0), header(1, 0, 0), end(1, 0, 0)))
    assert archive.next_offsets == (0, 0)
    assert list(archive.records(1)) == []


def test_ranges_that_join_are_one_wherever_they_stand(tmp_path: Path) -> None:
    later = header(1, 1, 4) + lines(1, 1) + gap(1, 2, 3) + lines(1, 3) + end(1, 2, 4)
    empty, one_more = header(0, 3, 3) + end(0, 0, 3), header(0, 3, 4) + lines(0, 3) + end(0, 1, 4)
    archive = Archive(written(tmp_path, later, empty, ONE, one_more, OTHER))
    assert archive.next_offsets == (4, 4)
    assert (offsets(archive, 0), offsets(archive, 1)) == ([0, 1, 2, 3], [0, 1, 3])


def test_batches_are_bounded_by_records_and_by_bytes(tmp_path: Path) -> None:
    large = (write_record(raw(1, offset, bytes(1_000_000)), "LogAppendTime") for offset in range(20))
    small = header(0, 0, 2_500), lines(0, *range(2_500)), end(0, 2_500, 2_500)
    archive = Archive(written(tmp_path, *small, header(1, 0, 20), *large, end(1, 20, 20)))
    assert [len(batch) for batch in archive.records(0)] == [1_000, 1_000, 500]
    assert [len(batch) for batch in archive.records(1)] == [9, 9, 2]


def test_offsets_without_a_record_are_none_where_the_export_says_so(tmp_path: Path) -> None:
    gaps = (
        header(0, 0, 9),
        gap(0, 0, 2),
        lines(0, 2),
        gap(0, 3, 5),
        gap(0, 5, 6),
        lines(0, 6),
        gap(0, 7, 9),
        end(0, 2, 9),
    )
    archive = Archive(written(tmp_path, *gaps, OTHER))
    assert archive.next_offsets == (9, 1)
    assert offsets(archive, 0) == [2, 6]


@pytest.mark.parametrize("taken", range(1, 11))
def test_whichever_line_is_taken_out_is_missed(tmp_path: Path, taken: int) -> None:
    part = header(0, 0, 5) + lines(0, 0, 1) + gap(0, 2, 3) + lines(0, 3) + gap(0, 4, 5) + end(0, 3, 5)
    whole = (part + header(1, 0, 2) + lines(1, 0, 1) + end(1, 2, 2)).splitlines(keepends=True)
    assert Archive(written(tmp_path, *whole)).next_offsets == (5, 2)
    del whole[taken]
    with pytest.raises(ArchiveError, match=r"line \d+: .*(missing|breaks off|stands behind the end)"):
        Archive(written(tmp_path, *whole))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "the file is empty"),
        ([b"\x1f\x8b" * 100_000], "line 1: is not JSON .*: expected an export's header"),
        ([b"title,when\n"], "line 1: is not JSON .*: expected an export's header"),
        ([lines(0, 0, 1)], "line 1: is not an export's header"),
        ([ONE, b"\n", OTHER], "line 6: is not JSON"),
        ([ONE, b'{"key":1}\n', OTHER], "line 6: is not an export's header"),
        ([ONE, header(1, 0, 0, topic="u"), end(1, 0, 0)], "line 6: expected t with 2 partitions, as in line 1"),
        ([ONE, header(1, 0, 0, partitions=3), end(1, 0, 0)], "line 6: expected t with 2 partitions, as in line 1"),
        ([ONE], "partition 1 of 2 is missing"),
        (
            [OTHER, header(0, 1, 2), lines(0, 1), end(0, 1, 2)],
            "line 4: partition 0 begins at 1: what is before is miss",
        ),
        (
            [ONE, OTHER, header(0, 4, 5), lines(0, 4), end(0, 1, 5)],
            "line 9: partition 0 goes on from 4, .* line 1 ends at 3: .*missing",
        ),
        ([ONE, OTHER, header(0, 2, 3), lines(0, 2), end(0, 1, 3)], "line 9: partition 0 goes on from 2, .* 3: .*twice"),
        ([ONE, OTHER, OTHER], "line 9: partition 1 goes on from 0, .* at 1: .*twice"),
        ([OTHER, ONE[:-1]], "line 8: is cut off"),
        ([ONE, header(1, 0, 0)[:-1]], "line 6: is cut off"),
        ([OTHER, header(0, 0, 3), lines(0, 0)[:-40]], "line 5: is cut off"),
        (
            [OTHER, header(0, 0, 3), lines(0, 0, 1)],
            "line 6: is the last, and partition 0 breaks off at 2 without its end, and 3 is promised in line 4",
        ),
        ([header(0, 0, 3), OTHER], "line 2: begins another range, and partition 0 breaks off at 0 without its end"),
        ([OTHER, header(0, 0, 3), lines(0, 0, 1), end(0, 2, 3)], "line 7: .*whose offsets from 2 to 3 are missing"),
        ([OTHER, header(0, 0, 3), end(0, 0, 3)], "line 5: .*whose offsets from 0 to 3 are missing"),
        ([OTHER, header(0, 0, 2), lines(0, 0, 1, 2)], "line 7: is the record at 0:2: .* to go on from 2 to 2"),
        ([OTHER, header(0, 0, 3), lines(0, 0, 2)], "line 6: is the record at 0:2: .*The offsets from 1 to 2 are miss"),
        ([OTHER, header(0, 0, 3), gap(0, 0, 4)], "line 5: is a gap of partition 0 from 0 to 4: expected"),
        ([OTHER, header(0, 0, 3), gap(0, 0, 0)], "line 5: is a gap of partition 0 from 0 to 0, which is none"),
        ([OTHER, header(0, 0, 3), gap(1, 0, 1)], "line 5: is a gap of partition 1 from 0 to 1: expected partition 0"),
        (
            [OTHER, header(0, 0, 1), lines(0, 0), end(0, 2, 1)],
            "line 6: says that there were 2 records, and there are 1",
        ),
        (
            [OTHER, header(0, 0, 1), lines(0, 0), end(1, 1, 1)],
            "line 6: is the end of partition 1 at 1: expected that of",
        ),
        (
            [OTHER, header(0, 0, 1), lines(0, 0), end(0, 1, 2)],
            "line 6: is the end of partition 0 at 2: expected that of",
        ),
        ([ONE, lines(0, 2), OTHER], "line 6: stands behind the end of partition 0"),
        ([ONE, end(0, 3, 3), OTHER], "line 6: stands behind the end of partition 0"),
        ([ONE, gap(0, 3, 4), OTHER], "line 6: stands behind the end of partition 0"),
        (
            [OTHER, header(0, 0, 3), lines(0, 0, 1, 1)],
            "line 7: is the record at 0:1: expected partition 0 to go on from 2",
        ),
        (
            [OTHER, header(0, 0, 3), lines(0, 0), lines(1, 1)],
            "line 6: is the record at 1:1: expected partition 0 to go on",
        ),
    ],
)
def test_what_is_not_a_whole_export_is_refused(tmp_path: Path, parts: list[bytes], words: str) -> None:
    with pytest.raises(ArchiveError, match=words):
        Archive(written(tmp_path, *parts))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot be read: No such file"):
        Archive(tmp_path / "nowhere")


def test_a_record_that_was_changed_is_refused_when_it_is_read(tmp_path: Path) -> None:
    changed = ONE.replace(b"dmFsdWU=", b"dmFsdWQ=", 2).replace(b"dmFsdWQ=", b"dmFsdWU=", 1)
    archive = Archive(written(tmp_path, changed, OTHER))
    with pytest.raises(ArchiveError, match=r"line 3: sha256\.value is not"):
        list(archive.records(0))
    assert offsets(archive, 1) == [0]


def test_what_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    file = written(tmp_path, ONE, OTHER)
    archive = Archive(file)
    file.write_bytes(ONE.replace(b'"0:1"', b'"0:2"', 1) + OTHER)
    with pytest.raises(ArchiveError, match=r"line 3: is the record at 0:2: .* The offsets from 1 to 2 are missing"):
        list(archive.records(0))
