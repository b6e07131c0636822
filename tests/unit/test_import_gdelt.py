"""GDELT's rows as events: what is taken, dropped, merged, and how it reads."""

import gzip
import random
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import orjson
import pytest
from tests.support.inputs.gdelt_files import REAL_FILES, gdelt_row
from tests.support.inputs.importing import Imported, Unwatched, import_gdelt
from tests.support.running.session_folder import ROOT

from event_schemas.countries import REGIONS, all_countries
from event_schemas.events import id_from_origin, read_event
from event_schemas.taxonomy import TYPES
from ingest_service.importing.cameo import CAMEO
from ingest_service.importing.drafts import DroppedRowError, UnreadableRowError
from ingest_service.importing.files import MAX_LINE, FileError
from ingest_service.importing.gdelt import REPEATED, gdelt_drafts
from ingest_service.importing.gdelt_events import ORIGIN
from ingest_service.importing.gdelt_rows import NO_COUNTRY, NOT_CAMEO, ONE_COUNTRY, REGION, Report, read_report
from ingest_service.importing.tally import Tally

NAMES = dict(all_countries())


def imported(folder: Path, *rows: str, ends: str = "\n", **options: Any) -> Imported:
    path = folder / "rows.export.CSV"
    path.write_bytes("".join(f"{row}{ends}" for row in rows).encode())
    return import_gdelt(path, **options)


def report(row: str) -> Report:
    return read_report(row.split("\t"))


def test_every_code_has_a_type_of_the_taxonomy_with_its_valence() -> None:
    assert len(CAMEO) > 300
    assert {code[:2] for code in CAMEO} == {f"{root:02}" for root in range(1, 21)} == {c for c in CAMEO if len(c) == 2}
    for code, meaning in CAMEO.items():
        assert TYPES[meaning.type] == meaning.valence, code
        assert meaning.says.count("{b}") == 1 or "{b}" not in meaning.says, code
        assert code[:-1] in CAMEO or len(code) == 2, code


def test_regions_are_no_countries_of_ours() -> None:
    assert not set(REGIONS) & set(NAMES)


@pytest.mark.parametrize("columns", [57, 58, 61])
def test_each_number_of_columns_is_read(columns: int) -> None:
    read = report(gdelt_row(7, "TMP", "KSV", "057", columns=columns, goldstein="8.0"))
    assert (read.id, read.when, read.source, read.target) == ("7", "2018-03-26", "TLS", "XKX")
    assert (read.code, read.goldstein, read.mentions) == ("057", 8.0, 4)
    assert report("00" + gdelt_row(7, "TMP", "KSV", "057", columns=columns)).id == "7"
    assert read.address == ("" if columns == 57 else "https://news.example/a")


@pytest.mark.parametrize(
    ("day", "when"),
    [
        ("20180326", "2018-03-26"),
        ("20180325", "2018-03-25"),
        ("20180319", "2018-03-19"),
        ("20180224", "2018-02~"),
        ("20170326", "2017~"),
        ("20170325", "2017-03-25"),
    ],
)
def test_a_lag_of_30_or_365_days_is_a_month_or_a_year(day: str, when: str) -> None:
    assert report(gdelt_row(1, day=day)).when == when


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (gdelt_row(1, "", "USA"), NO_COUNTRY),
        (gdelt_row(1, "USA", ""), NO_COUNTRY),
        (gdelt_row(1, "USA", "USA"), ONE_COUNTRY),
        (gdelt_row(1, "AFR", "USA"), REGION),
        (gdelt_row(1, "USA", "EUR"), REGION),
        (gdelt_row(1, code="---"), NOT_CAMEO),
    ],
)
def test_what_is_no_event_between_countries_is_dropped(row: str, reason: str) -> None:
    with pytest.raises(DroppedRowError, match=reason):
        report(row)


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ("1\t2\t3", "has 3 columns: GDELT's rows have 57, 58 or 61"),
        (gdelt_row(1).replace("1\t", "x\t", 1), "GLOBALEVENTID"),
        (gdelt_row(1, day="20180231"), "SQLDATE is not a day"),
        (gdelt_row(1, day="2018-3-1"), "SQLDATE is not a day"),
        (gdelt_row(1, added=""), "DATEADDED is not a day"),
        (gdelt_row(1, goldstein="1,5"), "GoldsteinScale is not a number"),
        (gdelt_row(1, goldstein="nan"), "GoldsteinScale is not within"),
        (gdelt_row(1, "XQX"), "'XQX' is no country code of CAMEO"),
    ],
)
def test_what_cannot_be_read_says_what_was_expected(row: str, detail: str) -> None:
    with pytest.raises(UnreadableRowError) as raised:
        report(row)
    assert detail in raised.value.detail


def test_an_event_reads_as_people_say_it(tmp_path: Path) -> None:
    row = gdelt_row(9, code="111", names=("XI JINPING", "SENATE"), roles=("GOV", "LEG"))
    (event,) = imported(tmp_path, row).events
    assert event["title"] == "China criticises the United States (accusation)"
    assert event == {
        "id": id_from_origin(ORIGIN, "9"),
        "title": event["title"],
        "when": "2018-03-26",
        "countries": ["CHN", "USA"],
        "initiators": ["CHN"],
        "type": "accusation",
        "valence": "conflictual",
        "goldstein": -2.0,
        "actors": [{"name": "Xi Jinping", "country": "CHN"}, {"name": "Senate", "country": "USA"}],
        "sources": [{"url": "https://news.example/a", "publisher": "news.example"}],
        "tags": ["gdelt"],
        "codes": {"cameo": "111", "gdelt": "9"},
        "attributes": {"mentions": 4, "reports": [{"id": "9", "cameo": "111", "address": "https://news.example/a"}]},
    }
    read_event(event)


def test_reports_of_one_story_are_one_event(tmp_path: Path) -> None:
    rows = [
        gdelt_row(1, code="112"),
        gdelt_row(2, code="1121", address="https://other.example/b"),  # the same family, direction and day
        gdelt_row(3, "USA", "CHN", code="112", address="https://other.example/b"),  # its mirror
        gdelt_row(4, code="130"),  # of the first address
        gdelt_row(5, code="040"),  # of the first address, but of another valence
        gdelt_row(6, day="20180325"),
        gdelt_row(7, "CHN", "IND"),
    ]
    one_way = [row for row in rows if not row.startswith("3\t")]
    taken = imported(tmp_path, *one_way)
    assert [(draft.event["codes"]["gdelt"], draft.rows) for draft in taken.drafts] == [
        ("6", 1),
        ("7", 1),
        ("1", 3),
        ("5", 1),
    ]
    event = taken.events[2]
    assert [(item["id"], item.get("rule")) for item in event["attributes"]["reports"]] == [
        ("1", None),
        ("4", "same-address"),
        ("2", "re-reported"),
    ]
    assert [source["url"] for source in event["sources"]] == ["https://news.example/a", "https://other.example/b"]
    assert event["initiators"] == ["CHN"]


def test_mirrored_reports_are_one_event_in_which_both_acted(tmp_path: Path) -> None:
    (event,) = imported(tmp_path, gdelt_row(2, "USA", "CHN", "046"), gdelt_row(1, "CHN", "USA", "046")).events
    assert event["title"] == "China and the United States: engage in negotiation (negotiation)"
    assert "initiators" not in event
    assert [item.get("rule") for item in event["attributes"]["reports"]] == [None, "mirrored"]


@pytest.mark.parametrize("columns", [57, 61])
def test_to_host_a_visit_mirrors_making_it(tmp_path: Path, columns: int) -> None:
    rows = [gdelt_row(1, "BRA", "CHN", "042", columns=columns), gdelt_row(2, "CHN", "BRA", "043", columns=columns)]
    (event,) = imported(tmp_path, *rows).events
    assert (event["title"], event["initiators"]) == ("Brazil visits China (visit)", ["BRA"])


def test_rows_are_kept_apart_where_that_is_asked(tmp_path: Path) -> None:
    rows = [gdelt_row(number) for number in (1, 2, 3)]
    assert [draft.rows for draft in imported(tmp_path, *rows).drafts] == [3]
    assert [draft.rows for draft in imported(tmp_path, *rows, apart=True).drafts] == [1, 1, 1]


def test_a_busy_day_is_not_one_event(tmp_path: Path) -> None:
    # What two articles mostly tell joins them; what one tells beside does not join it with a third.
    rows = [
        *(gdelt_row(number, code="112", address="https://a.example/") for number in (1, 2)),
        gdelt_row(3, code="190", address="https://a.example/"),
        *(gdelt_row(number, code="190", address="https://b.example/") for number in (4, 5)),
    ]
    assert [draft.rows for draft in imported(tmp_path, *rows).drafts] == [3, 2]


def test_a_story_of_very_many_reports_loses_none(tmp_path: Path) -> None:
    rows = [gdelt_row(number, address=f"https://news.example/{number:0200}") for number in range(1, 201)]
    taken = imported(tmp_path, *rows)
    assert len(taken.drafts) > 1
    listed = [item["id"] for event in taken.events for item in event["attributes"]["reports"]]
    assert sorted(map(int, listed)) == list(range(1, 201))
    for event in taken.events:
        read_event(event)


def test_every_row_ends_in_one_place_of_the_tally(tmp_path: Path) -> None:
    rows = [gdelt_row(1), gdelt_row(2), gdelt_row(1), gdelt_row(3, "USA", "AFR"), "x", "", gdelt_row(4, "", "USA")]
    taken = imported(tmp_path, *rows)
    assert taken.tally.rows == 6
    assert taken.tally.dropped == {REPEATED: 1, REGION: 1, NO_COUNTRY: 1}
    assert taken.tally.unreadable.total() == 1
    assert taken.tally.waiting_rows == sum(draft.rows for draft in taken.drafts) == 2
    ((place, reason, original),) = taken.complaints
    assert (place, original) == ("rows.export.CSV:5", "x")
    assert "1 columns" in reason


def test_files_are_read_plain_zipped_and_with_mixed_line_ends(tmp_path: Path) -> None:
    text = (
        "\ufeff" + gdelt_row(1) + "\r\n" + gdelt_row(2, "IND") + "\n" + gdelt_row(3, "FRA") + "\r" + gdelt_row(4, "BRA")
    )
    plain, zipped, gzipped = tmp_path / "a.CSV", tmp_path / "b.zip", tmp_path / "c.gz"
    plain.write_bytes(text.encode())
    with ZipFile(zipped, "w", ZIP_DEFLATED) as archive:
        archive.writestr("b.export.CSV", text)
    gzipped.write_bytes(gzip.compress(text.encode()))
    expected = import_gdelt(plain).events
    assert len(expected) == 4
    assert import_gdelt(zipped).events == import_gdelt(gzipped).events == expected
    assert import_gdelt(plain, zipped, gzipped).tally.dropped == {REPEATED: 8}


def test_a_truncated_zip_is_refused_before_anything_is_made_of_it(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.zip", tmp_path / "cut.zip"
    with ZipFile(whole, "w", ZIP_DEFLATED) as archive:
        archive.writestr("a.CSV", "\n".join(gdelt_row(number) for number in range(5_000)))
    cut.write_bytes(whole.read_bytes()[:-5_000])
    gzipped = tmp_path / "cut.gz"
    gzipped.write_bytes(gzip.compress(gdelt_row(1).encode())[:-10])
    for path in (cut, gzipped):
        with pytest.raises(FileError, match=r"cut\.\w+ is broken or cut off .*fetch it again"):
            import_gdelt(whole, path)
    with pytest.raises(FileError, match="cannot be read"):
        import_gdelt(tmp_path / "none.CSV")


def test_a_row_of_another_encoding_or_without_end_is_told_and_the_rest_read(tmp_path: Path) -> None:
    path = tmp_path / "a.CSV"
    latin = gdelt_row(1, names=("PERÚ", "")).encode("latin-1")
    path.write_bytes(b"\n".join([latin, b"x" * (3 * MAX_LINE), gdelt_row(2, "IND").encode()]))
    taken = import_gdelt(path)
    assert [event["codes"]["gdelt"] for event in taken.events] == ["2"]
    assert [(place, reason) for place, reason, _ in taken.complaints] == [
        ("a.CSV:1", "is not utf-8: name its encoding (--encoding)"),
        ("a.CSV:2", f"is longer than {MAX_LINE} characters"),
    ]
    assert len(import_gdelt(path, encoding="latin-1").events) == 2


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert imported(tmp_path).tally == Tally()


def test_what_is_read_and_posted_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.CSV"
    path.write_text("".join(f"{gdelt_row(number)}\n" for number in range(3_000)))
    watch = Unwatched()
    drafts = list(gdelt_drafts([path], Tally(), lambda *_: None, watch))
    assert watch.told == [("reading", path.stat().st_size, "bytes"), ("posting", 3_000, "rows")]
    assert watch.parts == sum(draft.rows for draft in drafts) == 3_000


needs_real_files = pytest.mark.skipif(not REAL_FILES, reason="GDELT's files are not at hand")


@needs_real_files
def test_real_files_add_up_and_their_events_are_ours() -> None:
    taken = import_gdelt(*REAL_FILES)
    assert taken.tally.rows == 6_775
    assert taken.tally.unreadable.total() == 0
    assert taken.tally.waiting_rows == sum(draft.rows for draft in taken.drafts) == 1_211
    for event in taken.events:
        read_event(event)
        CAMEO[event["codes"]["cameo"]]


@needs_real_files
def test_real_events_say_what_their_rows_say() -> None:
    rows = {
        row.partition("\t")[0]: row.split("\t")
        for path in REAL_FILES
        for row in path.read_text(encoding="utf-8").split("\n")
    }
    for event in random.Random(1).sample(import_gdelt(*REAL_FILES).events, 100):
        row = rows[event["codes"]["gdelt"]]
        day, code, goldstein, address = row[1], row[26], row[30], row[-1] if len(row) > 57 else ""
        assert event["codes"]["cameo"] == code
        assert event["goldstein"] == float(goldstein)
        assert event["countries"] == sorted((row[7], row[17]))  # those of the files are all written as ours
        assert event.get("initiators", [row[7]]) == [row[7]]
        assert day.startswith(event["when"].replace("-", "").rstrip("~"))
        assert [source["url"] for source in event["sources"]][:1] == [address][: bool(address)]


@needs_real_files
def test_at_least_95_in_100_of_re_reported_and_mirrored_real_rows_are_merged() -> None:
    rows = [row for path in REAL_FILES for row in path.read_text(encoding="utf-8").split("\n") if row]
    reports = [read for row in rows if (read := real_report(row))]
    event_of = {
        item["id"]: event["id"] for event in import_gdelt(*REAL_FILES).events for item in event["attributes"]["reports"]
    }
    before: dict[tuple[str, ...], list[str]] = {}
    again = merged = 0
    for read in reports:
        twins = before.get((read.when, read.source, read.target, read.code[:2]), [])
        mirrors = before.get((read.when, read.target, read.source, read.code[:2], read.address), [])
        if twins or mirrors:
            again += 1
            merged += event_of[read.id] in {event_of[known] for known in [*twins, *mirrors]}
        for end in ((), (read.address,)):
            before.setdefault((read.when, read.source, read.target, read.code[:2], *end), []).append(read.id)
    assert again > 600
    assert merged / again >= 0.95


@needs_real_files
def test_at_least_190_of_200_merges_read_by_hand_are_right() -> None:
    # Right: both rows tell of one happening, by their codes, actors and addresses. What they left open counts as wrong.
    sample = orjson.loads((ROOT / "tests/unit/gdelt_merges.json").read_bytes())
    merges = [
        [reports[0]["id"], item["id"], item["rule"]]
        for event in import_gdelt(*REAL_FILES).events
        for reports in [event["attributes"]["reports"]]
        for item in reports[1:]
    ]
    assert [merge[:3] for merge in sample["merges"]] == random.Random(sample["seed"]).sample(merges, 200)
    assert sum(right for *_, right in sample["merges"]) >= 190


def real_report(row: str) -> Report | None:
    try:
        return report(row)
    except DroppedRowError:
        return None
