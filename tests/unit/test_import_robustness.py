"""Whatever stands in a row, it becomes an event, is dropped, or is told to be unreadable; and a table's rows add up."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.inputs.gdelt_files import gdelt_row
from tests.support.inputs.importing import import_gdelt, import_table

from ingest_service.importing.drafts import DroppedRowError, UnreadableRowError
from ingest_service.importing.files import FileError
from ingest_service.importing.gdelt_rows import read_report
from ingest_service.importing.mapped_events import RowReader
from ingest_service.importing.mapping import Mapping, parse_mapping
from ingest_service.importing.mapping_columns import columns_of
from ingest_service.importing.presets import PRESETS, preset

CELLS = st.one_of(
    st.text(max_size=20),
    st.text("0123456789-/.,+eE_ ", max_size=12),
    st.sampled_from(
        ["USA", "CHN", "AFR", "2", "345", "20180326", "2018-03-26", "042", "9" * 5_000, "1e999", "[]", "{}"]
    ),
)
PLAIN = parse_mapping(
    """
id: {of: test, columns: [a, b]}
title: "{a} {@countries}"
when: {start: {year: a, month: b, day: c}, end: {column: d, format: [D/M/YYYY, YYYY]}}
countries: [{column: c, as: cow}, {column: d, as: fips, split: " "}, {constant: IN}]
type: {column: b, table: cameo-unpadded, otherwise: other}
goldstein: {number: a, decimal: ",", thousands: "."}
tags: {json: c}
""",
    "plain",
)


@given(st.integers(0, 60), CELLS, st.sampled_from([57, 58, 61]))
@example(0, "9" * 30, 61)
def test_a_row_of_gdelt_with_anything_in_a_cell(place: int, text: str, columns: int) -> None:
    cells = gdelt_row(1, columns=columns).split("\t")
    cells[min(place, columns - 1)] = text
    try:
        report = read_report(cells)
    except (DroppedRowError, UnreadableRowError):
        return
    assert report.source != report.target


@given(st.sampled_from([PLAIN, *map(preset, PRESETS)]), st.data())
def test_a_row_of_a_table_with_anything_in_its_cells(mapping: Mapping, data: st.DataObject) -> None:
    row = {column: data.draw(CELLS) for column in [*columns_of(mapping), "mem1", "mem2"]}
    try:
        event = RowReader(mapping).event(row)
    except (DroppedRowError, UnreadableRowError):
        return
    assert len(event["countries"]) > 1


@pytest.mark.parametrize("kind", ["gdelt", "csv", "ndjson"])
@given(st.binary(max_size=300), st.lists(st.sampled_from([b"\r", b"\n", b'"', b",", b"\t", b"\x00", b"\xff", b"{}"])))
def test_a_file_of_anything_adds_up(kind: str, content: bytes, more: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(b"a,b,c,d\n" + content + b"".join(more))
        try:
            taken = (
                import_gdelt(path) if kind == "gdelt" else import_table(path, mapping=PLAIN, ndjson=kind == "ndjson")
            )
        except FileError as error:  # it ends within quotes, and where is told
            if kind != "csv" or "opens a quote that is never closed" not in str(error):
                raise
            return
    assert taken.tally.waiting_rows == sum(draft.rows for draft in taken.drafts)
    assert len(taken.complaints) == taken.tally.unreadable.total()
