"""Drafts of mappings: what is recognised in a table, and that the draft is a mapping that reads it."""

import csv
from pathlib import Path
from typing import Any

import pytest
from tests.support.inputs.importing import import_table

from event_schemas.events import read_event
from ingest_service.importing.mapping import parse_mapping
from ingest_service.importing.mapping_columns import columns_of
from ingest_service.importing.presets import PRESETS, preset
from ingest_service.importing.recognition import Column, country_scheme, date_format, is_cameo
from ingest_service.importing.samples import delimiter_of, first_columns
from ingest_service.importing.suggestion import known_layout, suggest
from ingest_service.importing.table_rows import TableKind

ROWS = [
    ["Case ID", "Event Date", "Actor 1 Source", "Target", "Event type", "Goldstein", "Link", "Remark"],
    ["A-1", "31/12/2020", "India", "China", "ban", "-7.5", "https://example.org/1", "x"],
    ["A-2", "01/02/2020", "Côte d'Ivoire", "France", "Sanctions", "2", "https://example.org/2", ""],
    ["A-3", "05/06/2020", "Germany", "Türkiye", "cooking", "0", "https://example.org/3", "z"],
]


def table(folder: Path, rows: list[list[str]] = ROWS, delimiter: str = ",") -> Path:
    path = folder / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def draft(path: Path) -> str:
    delimiter = delimiter_of(path, "utf-8")
    return suggest(first_columns(path, TableKind(delimiter=delimiter)), path.name, delimiter)


def column(*cells: str, name: str = "x") -> Column:
    return Column(name, cells, len(cells))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_draft_is_a_mapping_that_reads_its_table(tmp_path: Path, delimiter: str) -> None:
    path = table(tmp_path, delimiter=delimiter)
    text = draft(path)
    mapping = parse_mapping(text, "draft")
    taken = import_table(path, mapping=mapping)
    assert taken.complaints == []
    assert [(event["when"], event["countries"], event["initiators"], event["type"]) for event in taken.events] == [
        ("2020-12-31", ["CHN", "IND"], ["IND"], "ban"),
        ("2020-02-01", ["CIV", "FRA"], ["CIV"], "sanction"),
        ("2020-06-05", ["DEU", "TUR"], ["DEU"], "other"),
    ]
    for event in taken.events:
        read_event(event)
    assert taken.events[0]["sources"] == [{"url": "https://example.org/1"}]
    assert taken.events[0]["goldstein"] == -7.5
    assert taken.events[0]["attributes"] == {"Event type": "ban", "Remark": "x"}


def test_each_choice_is_explained(tmp_path: Path) -> None:
    text = draft(table(tmp_path))
    for words in (
        "Case ID names each row",
        "31/12/2020 has its day first",
        "Actor 1 Source holds countries, such as India; its name says that they act",
        "Target holds countries, such as China.",
        "Event type may tell types. Where none is named, `other` stands",
        "What holds addresses is a source",
    ):
        assert words in text, words


def test_what_cannot_be_told_is_refused_until_somebody_decides(tmp_path: Path) -> None:
    path = table(tmp_path, [ROWS[0], ROWS[2], ROWS[3]])
    text = draft(path)
    assert "01/02/2020 may have its day or its month first" in text
    taken = import_table(path, mapping=parse_mapping(text, "draft"))
    assert taken.drafts == []
    assert taken.tally.unreadable == {"its date cannot be read": 2}


def test_a_table_of_nothing_known_still_gives_a_draft_of_valid_form(tmp_path: Path) -> None:
    text = draft(table(tmp_path, [["a", "b: c"], ["#1", "{x}"]]))
    mapping = parse_mapping(text, "draft")
    assert mapping.when.column == "WHICH"
    assert "No column reads as a date" in text


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["2020-06-29", "2020-07"], "EDTF"),
        (["13/01/2020", "01/02/2020"], "DD/MM/YYYY"),
        (["01/13/2020", "01/02/2020"], "MM/DD/YYYY"),
        (["1.2.2020", "13.2.2020"], "D.M.YYYY"),
        (["01/02/2020"], None),
        (["13/01/2020", "01/13/2020"], None),
        (["29 June 2020"], "D MMMM YYYY"),
        (["20200629"], "YYYYMMDD"),
    ],
)
def test_dates_are_recognised_by_what_they_prove(cells: list[str], form: str | None) -> None:
    finding = date_format(column(*cells, name="date"))
    assert finding is not None
    assert finding.form == form


def test_countries_are_recognised_by_how_they_are_written() -> None:
    assert country_scheme(column("IN", "CHN")) == "iso"
    assert country_scheme(column("KSV", "CHN", "ROM")) == "cameo"
    assert country_scheme(column("India", "Viet Nam")) == "name"
    assert country_scheme(column("2", "710", name="ccode1")) == "cow"
    assert country_scheme(column("2", "710", name="deaths")) is None
    assert country_scheme(column("Narnia", "Gondor")) is None


def test_cameo_is_recognised_also_without_its_zeros() -> None:
    assert is_cameo(column("042", "111", name="CAMEO Code")) == "cameo"
    assert is_cameo(column("42", "111", name="CAMEO Code")) == "cameo-unpadded"
    assert is_cameo(column("042", "111", name="deaths")) is None


@pytest.mark.parametrize("name", PRESETS)
def test_known_layouts_are_told(name: str) -> None:
    assert known_layout([*columns_of(preset(name)), "another"]) == name


def test_a_spreadsheet_and_ndjson_are_looked_into(tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_text('{"a": 1, "b": {"c": "India"}}\n{"a": 2}\n')
    found: dict[str, Any] = {each.name: each.cells for each in first_columns(path, TableKind(ndjson=True))}
    assert found["a"] == ("1", "2")
    assert found["b.c"] == ("India",)
