import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.clients.format_readers import cell_means
from tests.support.inputs.event_strategies import event_views, one_event

from timeline_service.formats import FORMATS, FormatContext
from timeline_service.queries.views.events import EventView

CSV = FORMATS["csv"]
DOCUMENT = FormatContext("China – India", "http://127.0.0.1:8002/v1/timelines/CHN-IND.csv", "http://127.0.0.1:8002")
COLUMNS = (
    "id,title,when,earliest,latest,precision,approximate,uncertain,countries,type,initiators,valence,domain,stage,actors,"
    "sources,tags,codes,goldstein,summary,attributes,pairs,revision,status,accepted_at,recorded_at,revised_at,position"
)


def written(events: list[EventView]) -> bytes:
    return CSV.begin(DOCUMENT) + CSV.write(DOCUMENT, events, first=True) + CSV.end(DOCUMENT)


def read(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode(), newline=""), strict=True))


def test_the_first_line_names_the_columns() -> None:
    assert written([]) == f"{COLUMNS}\r\n".encode()


def test_an_event_is_a_line() -> None:
    event = one_event(
        title='Ban, "final"', initiators=["IN"], tags=["a", "b;c"], codes={"cameo": "163"}, goldstein=-4.5,
        domain="trade", actors=["TikTok"], attributes={"n": [1, None]}, summary="one\ntwo",
    )  # fmt: skip
    line = written([event]).removeprefix(f"{COLUMNS}\r\n".encode()).decode()
    assert line == (
        '1b4e28ba-2fa1-51d2-883f-0016d3cca427,"Ban, ""final""",2020-06-29,2020-06-29,2020-06-29,day,false,false,'
        'CHN;IND,ban,IND,conflictual,trade,,"[{""name"":""TikTok""}]",,"[""a"",""b;c""]","{""cameo"":""163""}",-4.5,'
        '"one\ntwo","{""n"":[1,null]}",CHN-IND,1,current,2026-02-13T01:02:03.000004Z,2026-02-13T01:02:03.000004Z,'
        "2026-02-13T09:02:03.000004Z,3:41\r\n"
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(start: str) -> None:
    row = read(written([one_event(title=f"{start}1+1", summary=f"{start}cmd", goldstein=-4.5)]))[0]
    assert (row["title"], row["summary"], row["goldstein"]) == (f"'{start}1+1", f"'{start}cmd", "-4.5")


@pytest.mark.parametrize("start", ["\t", "\r"])
def test_a_blank_before_a_formula_does_not_hide_it(start: str) -> None:
    event = one_event() | {"summary": f"{start}=1"}
    assert read(written([event]))[0]["summary"] == f"'{start}=1"


def test_a_snippet_is_left_out() -> None:
    assert written([one_event() | {"snippet": "<b>ban</b>"}]) == written([one_event()])


@given(st.lists(event_views(), max_size=3))
def test_what_is_read_back_is_what_was_written(events: list[EventView]) -> None:
    rows = read(written(events))
    assert len(rows) == len(events)
    for row, event in zip(rows, events, strict=True):
        assert list(row) == COLUMNS.split(",")
        for name, cell in row.items():
            assert cell[:1] not in tuple("=+-@\t\r") or name == "goldstein"
            assert cell_means(name, cell, dict(event)[name]), name
