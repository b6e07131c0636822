"""Tables as events by a mapping: what is read, refused and said of it."""

import json
import sys
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from openpyxl import Workbook
from tests.support.inputs.importing import Imported, import_table

from event_schemas.events import id_from_origin, read_event
from ingest_service.importing.country_schemes import read_country
from ingest_service.importing.date_formats import read_date
from ingest_service.importing.files import MAX_LINE, FileError
from ingest_service.importing.mapping import (
    Lookup,
    Mapping,
    MappingError,
    mapping_schema,
    parse_mapping,
    read_mapping,
    read_yaml,
)
from ingest_service.importing.presets import PRESETS, preset
from ingest_service.importing.table_drafts import SAID_AGAIN, SAID_OTHERWISE
from ingest_service.importing.tables import MAX_ROW_LINES

PLAIN = """
    id: {of: test, columns: [no]}
    title: "{who} and {whom}: {what}"
    when: {column: on}
    countries: [{column: who, as: name, initiator: true}, {column: whom, as: name}]
    type: {column: what, codes: {ban: ban, talks: negotiation}}
"""
HEADER = "no,on,who,whom,what"


def mapping(text: str = PLAIN, **more: Any) -> Mapping:
    return Mapping.model_validate({**read_yaml(dedent(text)), **more})


def imported(folder: Path, *lines: str, ends: str = "\n", header: str = HEADER, **more: Any) -> Imported:
    path = folder / "table.csv"
    path.write_bytes("".join(f"{line}{ends}" for line in (header, *lines)).encode())
    return import_table(path, mapping=mapping(**more))


def trouble(folder: Path, line: str, **more: Any) -> str:
    taken = imported(folder, line, **more)
    assert taken.drafts == []
    ((_, reason, _),) = taken.complaints
    return reason


def test_a_row_becomes_an_event(tmp_path: Path) -> None:
    (event,) = imported(tmp_path, "7,2020-06-29,India,China,ban").events
    assert event == {
        "id": id_from_origin("test", "7"),
        "title": "India and China: ban",
        "when": "2020-06-29",
        "countries": ["CHN", "IND"],
        "initiators": ["IND"],
        "type": "ban",
    }
    read_event(event)


def test_all_fields_can_be_said(tmp_path: Path) -> None:
    more: dict[str, Any] = {
        "title": "{@initiators} against {@others}",
        "summary": "{what} of {on}",
        "valence": "conflictual",
        "domain": "trade",
        "stage": "in_force",
        "goldstein": {"number": "points", "decimal": ",", "thousands": "."},
        "actors": [{"name": "{whose}", "country": {"column": "who", "as": "name"}}, {"name": "{nobody}"}],
        "sources": [{"url": "{url}", "publisher": "A paper", "published": {"column": "read", "format": "DD/MM/YYYY"}}],
        "tags": ["test", "{nobody}"],
        "codes": {"number": "{no}", "none": "{nobody}"},
        "attributes": {"points": {"number": "points"}, "dead": {"number": "dead", "thousands": ","}},
    }
    header = "no,on,who,whom,what,points,dead,whose,nobody,url,read"
    line = '7,2020~,India,China,ban,"-7,5","1,234",A ministry,,https://example.org/a,31/12/2020'
    # The points' thousands are written with dots elsewhere, so that attributes need a comma of their own.
    more["attributes"]["points"] = {"number": "points", "decimal": ","}
    (event,) = imported(tmp_path, line, header=header, **more).events
    assert {name: event[name] for name in more} == {
        "title": "India against China",
        "summary": "ban of 2020~",
        "valence": "conflictual",
        "domain": "trade",
        "stage": "in_force",
        "goldstein": -7.5,
        "actors": [{"name": "A ministry", "country": "IND"}],
        "sources": [{"url": "https://example.org/a", "publisher": "A paper", "published": "2020-12-31"}],
        "tags": ["test"],
        "codes": {"number": "7"},
        "attributes": {"points": -7.5, "dead": 1234},
    }
    read_event(event)


def test_a_slashed_date_is_refused_until_the_mapping_says_which_part_is_what(tmp_path: Path) -> None:
    line = "7,31/12/2020,India,China,ban"
    assert "'31/12/2020': say which part is what, with `format: DD/MM/YYYY`" in trouble(tmp_path, line)
    (event,) = imported(tmp_path, line, when={"column": "on", "format": "DD/MM/YYYY"}).events
    assert event["when"] == "2020-12-31"
    assert "is not as the mapping says" in trouble(tmp_path, line, when={"column": "on", "format": "DD.MM.YYYY"})
    assert trouble(tmp_path, line, when={"column": "on", "format": "MM/DD/YYYY"})


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("2020", "EDTF", "2020"),
        ("2020-06~", "EDTF", "2020-06~"),
        ("29.6.2020", "D.M.YYYY", "2020-06-29"),
        ("29 June 2020", "D MMMM YYYY", "2020-06-29"),
        ("Jun 9, 2020", "MMM D, YYYY", "2020-06-09"),
        ("06/2020", "MM/YYYY", "2020-06"),
        ("20200629", "YYYYMMDD", "2020-06-29"),
        ("2020-06-29", "DD/MM/YYYY", "2020-06-29"),
    ],
)
def test_dates_are_read_by_their_format(text: str, form: str, expected: str) -> None:
    assert read_date(text, [form]) == expected


@pytest.mark.parametrize(
    ("when", "cells", "expected"),
    [
        ({"year": "a", "month": "b", "day": "c", "unknown": ["-9"]}, "1962,10,20", "1962-10-20"),
        ({"year": "a", "month": "b", "day": "c", "unknown": ["-9"]}, "1962,10,-9", "1962-10"),
        ({"year": "a", "month": "b", "day": "c", "unknown": ["-9"]}, "1962,-9,-9", "1962"),
        ({"start": {"column": "a"}, "end": {"column": "b", "open": ["now"]}}, "1962,1970-05,", "1962/1970-05"),
        ({"start": {"column": "a"}, "end": {"column": "b", "open": ["now"]}}, "1962,now,", "1962/.."),
        ({"start": {"column": "a"}, "end": {"column": "b", "open": ["now"]}}, "1962,,", "1962"),
        ({"start": {"column": "a"}, "end": {"column": "b"}}, "1962,1962,", "1962"),
        ({"column": "a", "precision": {"column": "b", "codes": {"2": "month~"}}}, "1962-10-20,2,", "1962-10~"),
    ],
)
def test_dates_of_parts_intervals_and_precisions(tmp_path: Path, when: Any, cells: str, expected: str) -> None:
    taken = imported(tmp_path, f"7,x,India,China,ban,{cells}", header=f"{HEADER},a,b,c", when=when)
    assert [event["when"] for event in taken.events] == [expected]


def test_an_interval_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    when = {"start": {"column": "on"}, "end": {"column": "what"}}
    assert trouble(tmp_path, "7,1970,India,China,1960", when=when, type="ban")


@pytest.mark.parametrize(
    ("scheme", "text", "day", "code"),
    [
        ("iso", "IN", None, "IND"),
        ("cameo", "KSV", None, "XKX"),
        ("cow", "710", None, "CHN"),
        ("cow", "002", None, "USA"),
        ("cow", "345", date(1999, 3, 24), "YUG"),
        ("cow", "345", date(2004, 1, 1), "SCG"),
        ("cow", "345", date(2020, 1, 1), "SRB"),
        ("cow", "365", date(1962, 1, 1), "SUN"),
        ("cow", "365", date(2014, 1, 1), "RUS"),
        ("fips", "CH", None, "CHN"),
        ("fips", "SZ", None, "CHE"),
        ("name", "Côte d'Ivoire", None, "CIV"),
    ],
)
def test_countries_are_read_by_their_scheme(scheme: str, text: str, day: date | None, code: str) -> None:
    assert read_country(text, scheme, day) == code


def test_a_country_that_is_none_is_refused_or_dropped(tmp_path: Path) -> None:
    line = "7,2020,Indai,China,ban"
    assert "column 'who': 'Indai' is not a country: did you mean IND India" in trouble(tmp_path, line)
    countries = [{"column": "who", "as": "name", "unknown": "drop"}, {"column": "whom", "as": "name"}]
    assert imported(tmp_path, line, countries=countries).tally.dropped == {"column 'who' names no country": 1}
    also = [{"column": "who", "as": "name", "also": {"Indai": "IND"}}, {"column": "whom", "as": "name"}]
    assert [event["countries"] for event in imported(tmp_path, line, countries=also).events] == [["CHN", "IND"]]
    assert imported(tmp_path, "7,2020,China,China,ban").tally.dropped == {"it names fewer than two countries": 1}


def test_what_a_row_lacks_is_named(tmp_path: Path) -> None:
    assert "'what': the mapping has no code for 'war'" in trouble(tmp_path, "7,2020,India,China,war")
    assert "column 'on' is empty" in trouble(tmp_path, "7,,India,China,ban")
    assert "'no' are empty" in trouble(tmp_path, ",2020,India,China,ban")
    assert "has 4 cells: the header has 5" in trouble(tmp_path, "7,2020,India,China")
    goldstein = {"number": "no"}
    assert "'1,5' is no number; say what its commas mean" in trouble(
        tmp_path, '"1,5",2020,India,China,ban', goldstein=goldstein
    )


def test_rows_are_skipped_by_rule(tmp_path: Path) -> None:
    skip = [
        {"column": "what", "is": ["war"], "because": "wars are elsewhere"},
        {"column": "no", "is_not": ["{on}"], "because": "another year"},
    ]
    taken = imported(
        tmp_path, "2020,2020,India,China,ban", "1,2020,India,China,ban", "1,2020,India,China,war", skip=skip
    )
    assert len(taken.drafts) == 1
    assert taken.tally.dropped == {"another year": 1, "wars are elsewhere": 1}


def test_duplicate_ids_are_told_from_contradictions(tmp_path: Path) -> None:
    rows = ["7,2020,India,China,ban", "7,2020,India,China,ban", "7,2021,India,China,ban"]
    taken = imported(tmp_path, *rows)
    assert len(taken.drafts) == 1
    assert taken.tally.dropped == {SAID_AGAIN: 1}
    assert taken.tally.unreadable == {SAID_OTHERWISE: 1}
    assert taken.tally.rows == 3


def test_a_missing_or_renamed_column_is_named_before_any_row_is_read(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"has no column 'what' \(is it 'What'\?\); it has 'no', 'on'"):
        imported(tmp_path, "7,2020,India,China,ban", header="no,on,who,whom,What")
    with pytest.raises(FileError, match="has two columns of the name 'on'"):
        imported(tmp_path, "7,2020,India,China,ban", header="no,on,on,whom,what")


def test_a_header_only_has_no_rows_and_an_empty_file_is_told_to_be_empty(tmp_path: Path) -> None:
    assert imported(tmp_path).tally.rows == 0
    with pytest.raises(FileError, match="is empty: a table begins with the names of its columns"):
        imported(tmp_path, header="")
    path = tmp_path / "empty.csv"
    path.touch()
    with pytest.raises(FileError, match=r"empty\.csv is empty"):
        import_table(path, mapping=mapping())
    assert import_table(path, mapping=mapping(), ndjson=True).tally.rows == 0


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_bom_do_not_matter(tmp_path: Path, ends: str) -> None:
    taken = imported(
        tmp_path, "7,2020,India,China,ban", '8,2021,"Ind\u200bia",China,ban', header=f"\ufeff{HEADER}", ends=ends
    )
    assert taken.tally.rows == 2
    assert len(imported(tmp_path, "7,2020,India,China,ban\r\n8,2020,India,China,ban", ends=ends).events) == 2


def test_cells_go_on_over_lines(tmp_path: Path) -> None:
    taken = imported(tmp_path, '7,2020,India,China,"ban"', '8,2020,India,"Chi\nna",ban', "9,2020,India,China,ban")
    assert len(taken.events) == 2
    assert [place for place, _, _ in taken.complaints] == ["table.csv:3"]


GOOD = [f"{number},2020,India,China,ban" for number in range(100, 300)]


def test_a_quote_that_is_not_closed_swallows_no_rows(tmp_path: Path) -> None:
    taken = imported(tmp_path, '7,2020,India,China,"oops', *GOOD)
    ((place, reason, original),) = taken.complaints
    assert (place, original) == ("table.csv:2", '7,2020,India,China,"oops')
    assert reason == (
        'is no row of CSV: a quote is not closed within 100 lines: close it, or write a quote within a cell twice ("")'
    )
    assert (len(taken.events), taken.tally.rows) == (200, 201)


@pytest.mark.parametrize("lines", [0, 1, 90, 200])
def test_a_quote_with_something_behind_it_costs_its_own_row_only(tmp_path: Path, lines: int) -> None:
    taken = imported(tmp_path, '7,2020,India,China,"oops', *GOOD[:lines], '8,2020,India,China,"ban"', GOOD[-1])
    assert [place for place, _, _ in taken.complaints] == ["table.csv:2"]
    assert (len(taken.events), taken.tally.rows) == (lines + 2 - (lines == 200), lines + 3)


def test_a_closed_quote_with_something_behind_it_is_refused_with_both_lines(tmp_path: Path) -> None:
    taken = imported(tmp_path, '7,2020,India,"China"x,ban', '8,2020,"In\ndia" ,China,ban', GOOD[0])
    assert len(taken.events) == 1
    assert [(place, reason) for place, reason, _ in taken.complaints if "quote" in reason] == [
        (
            f"table.csv:{begun}",
            f"is no row of CSV: the quote that closes in line {closed} has neither ',' nor a line end behind it: "
            'write a quote within a cell twice ("")',
        )
        for begun, closed in [(2, 2), (3, 4)]
    ]


def test_a_file_that_ends_within_quotes_names_the_line_where_they_open(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join([HEADER, GOOD[0], '7,2020,India,China,"oops', *GOOD[1:50]]))
    with pytest.raises(FileError, match=r"table\.csv:3 opens a quote that is never closed") as raised:
        import_table(path, mapping=mapping())
    assert "close it, or write a quote within a cell twice" in str(raised.value)


def test_a_header_with_an_open_quote_is_not_passed_over_for_the_next_line(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"table\.csv:1 is no header of CSV: a quote is not closed within 100 lines"):
        imported(tmp_path, *GOOD, header='no,on,who,whom,"what')


def test_a_row_of_a_hundred_lines_is_taken(tmp_path: Path) -> None:
    lines = "\n".join(f'line {number} with ""quotes"", and commas' for number in range(MAX_ROW_LINES))
    taken = imported(tmp_path, f'7,2020,India,China,ban,"{lines}"', header=f"{HEADER},text", summary="{text}")
    assert taken.complaints == []
    assert taken.events[0]["summary"].count("\n") == MAX_ROW_LINES - 1


@pytest.mark.parametrize(("other", "written"), [(";", '";"'), ("\t", r'"\t"'), ("|", '"|"')])
def test_cells_that_something_else_separates_are_told_with_what_to_do(tmp_path: Path, other: str, written: str) -> None:
    row = "7,2020,India,China,ban".replace(",", other)
    with pytest.raises(FileError, match="Its cells seem to be separated by") as raised:
        imported(tmp_path, row, header=HEADER.replace(",", other))
    assert str(raised.value).endswith(f"not by ',': write `delimiter: {written}` into the mapping")
    said = read_yaml(f"delimiter: {written}")["delimiter"]
    assert len(imported(tmp_path, row, header=HEADER.replace(",", other), delimiter=said).events) == 1


def test_a_million_characters_in_a_cell_are_refused_and_the_rest_read(tmp_path: Path) -> None:
    rows = [
        f"7,2020,India,China,{'x' * 1_000_000}",
        f"8,2020,India,China,{'x' * 3 * MAX_LINE}",
        "9,2020,India,China,ban",
    ]
    taken = imported(tmp_path, *rows)
    assert [(place, reason[:30]) for place, reason, _ in taken.complaints] == [
        ("table.csv:2", "is no row of CSV: field larger"),
        ("table.csv:3", "is longer than 1048576 charact"),
    ]
    assert len(taken.events) == 1


def test_latin_1_is_told_until_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(f"{HEADER}\n7,2020,Côte d'Ivoire,China,ban\n8,2020,India,China,ban\n".encode("latin-1"))
    taken = import_table(path, mapping=mapping())
    assert [(place, reason) for place, reason, _ in taken.complaints] == [
        ("table.csv:2", "is not utf-8: name its encoding (--encoding)")
    ]
    assert len(taken.events) == 1
    assert len(import_table(path, mapping=mapping(encoding="latin-1")).events) == 2


def test_ndjson_is_a_table_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    row = {"no": 7, "on": "2020", "who": {"name": "India"}, "whom": "China", "what": "ban", "none": None}
    path.write_text("\n".join([json.dumps(row), "", "{", "[]"]))
    countries = [{"column": "who.name", "as": "name", "initiator": True}, {"column": "whom", "as": "name"}]
    taken = import_table(path, mapping=mapping(countries=countries), ndjson=True)
    assert [event["countries"] for event in taken.events] == [["CHN", "IND"]]
    assert [place for place, _, _ in taken.complaints] == ["rows.ndjson:3", "rows.ndjson:4"]
    assert taken.tally.unreadable == {"is not JSON": 1, "is no JSON object": 1}


def test_a_spreadsheet_reads_like_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    book = Workbook()
    sheet = book.active
    sheet.title = "events"
    for row in (
        [*HEADER.split(","), None],
        [7, date(2020, 6, 29), "India", "China", "ban"],
        [],
        [8, "2021", "India", "China", "war"],
    ):
        sheet.append(row)
    book.save(path)
    taken = import_table(path, mapping=mapping(when={"column": "on", "format": ["DD/MM/YYYY", "YYYY"]}))
    assert [(event["when"], event["id"]) for event in taken.events] == [("2020-06-29", id_from_origin("test", "7"))]
    assert [place for place, _, _ in taken.complaints] == ["table.xlsx:4"]
    with pytest.raises(FileError, match="has no sheet 'none'; it has 'events'"):
        import_table(path, mapping=mapping(sheet="none"))
    path.write_bytes(path.read_bytes()[:2_000])
    with pytest.raises(FileError, match="is no spreadsheet, or broken"):
        import_table(path, mapping=mapping())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tilte": "x"}, "tilte: Extra inputs"),
        ({"when": {"column": "on", "format": "DD/DD/YYYY"}}, "'DD/DD/YYYY' is no format"),
        ({"when": {}}, "give either `column` or `year`"),
        ({"when": {"column": "a", "start": {"column": "b"}}}, "give a date, or `start` and `end`"),
        ({"when": {"column": "a", "end": {"column": "b"}}}, "has an `end` without a `start`"),
        ({"countries": []}, "countries: "),
        ({"countries": [{"as": "name"}]}, "give either `column` or `constant`"),
        ({"countries": [{"column": "a", "extract": "("}]}, "is no regular expression"),
        ({"countries": [{"column": "a", "extract": "a"}]}, "has no group"),
        ({"id": {"columns": ["a", "b"]}}, "say whose ids they are"),
    ],
)
def test_a_mapping_that_cannot_be_says_where(change: dict[str, Any], said: str) -> None:
    text = yaml.safe_dump({**read_yaml(dedent(PLAIN)), **change})
    with pytest.raises(MappingError, match=r"m\.yaml is no mapping:") as raised:
        parse_mapping(text, "m.yaml")
    assert said in str(raised.value)


def test_a_mapping_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read"):
        read_mapping(tmp_path / "none.yaml")
    with pytest.raises(MappingError, match="is not YAML"):
        parse_mapping("a: [", "m.yaml")
    (tmp_path / "latin.yaml").write_bytes("title: é".encode("latin-1"))
    with pytest.raises(MappingError, match="is not UTF-8"):
        read_mapping(tmp_path / "latin.yaml")


def test_texts_of_a_mapping_stay_texts() -> None:
    text = PLAIN.replace("codes: {ban: ban", "codes: {NO: ban, 1: ban, 2020-01-01: ban")
    kind = mapping(text).type
    assert isinstance(kind, Lookup)
    assert kind.codes == {"NO": "ban", "1": "ban", "2020-01-01": "ban", "talks": "negotiation"}


def test_mappings_keep_to_the_published_schema() -> None:
    schema = mapping_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(read_yaml(dedent(PLAIN)))
    for name in PRESETS:
        validator.validate(preset(name).model_dump(by_alias=True, exclude_none=True, mode="json"))


def test_parquet_reads_like_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    rows = {
        "no": list(range(5_000)),
        "on": [date(2020, 6, 29), None, *[date(2021, 1, 1)] * 4_998],
        "who": [["India", "Nepal"]] * 5_000,
        "whom": ["China"] * 5_000,
        "what": ["ban"] * 5_000,
    }
    pq.write_table(pa.table(rows), path, row_group_size=700)
    taken = import_table(path, mapping=mapping())
    assert len(taken.events) == 4_999
    assert (taken.events[0]["when"], taken.events[0]["id"]) == ("2020-06-29", id_from_origin("test", "0"))
    assert (taken.events[0]["countries"], taken.events[0]["initiators"]) == (["CHN", "IND", "NPL"], ["IND", "NPL"])
    ((place, _, original),) = taken.complaints
    assert (place, original["no"]) == ("table.parquet:2", "1")
    with pytest.raises(FileError, match=r"has no column 'how'.*; it has 'no'"):
        import_table(path, mapping=mapping(type="{how}"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FileError, match=r"cannot be read as Parquet .*: fetch it again"):
        import_table(path, mapping=mapping())
    with pytest.raises(FileError, match="cannot be read"):
        import_table(tmp_path / "none.parquet", mapping=mapping())


def test_parquet_without_its_reader_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FileError, match=r"pip install 'dyadline-ingest-service\[parquet\]'"):
        import_table(tmp_path / "table.parquet", mapping=mapping())
