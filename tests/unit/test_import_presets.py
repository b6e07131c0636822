"""Ready mappings: rows made by hand in the layouts of others' data, as events."""

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyarrow.csv import read_csv as csv_to_table
from tests.support.inputs.importing import Imported, import_table

from event_schemas.events import content_of, read_event
from ingest_service.importing.mapping_columns import columns_of
from ingest_service.importing.presets import PRESETS, preset
from timeline_service.formats import FORMATS


def imported(folder: Path, name: str, *rows: dict[str, str]) -> Imported:
    """Rows in the layout of a ready mapping, with the columns that it needs and those that the rows bring."""
    mapping = preset(name)
    columns = list(dict.fromkeys([*columns_of(mapping), *(column for row in rows for column in row)]))
    text = StringIO()
    writer = csv.DictWriter(text, columns, restval="", delimiter=mapping.delimiter)
    writer.writeheader()
    writer.writerows(rows)
    path = folder / f"{name}.csv"
    path.write_text(text.getvalue(), newline="")
    taken = import_table(path, mapping=mapping)
    for event in taken.events:
        read_event(event)
    return taken


def fields(event: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(event.get(name) for name in names)


ICEWS = {
    "Event ID": "20718170",
    "Event Date": "2014-01-01",
    "Source Name": "Ministry (Narnia)",
    "Source Country": "China",
    "Event Text": "Criticize or denounce",
    "CAMEO Code": "111",
    "Intensity": "-2.0",
    "Target Name": "United States",
    "Target Country": "United States",
    "Story ID": "31234",
    "Sentence Number": "5",
    "Publisher": "A Paper",
}


def test_icews(tmp_path: Path) -> None:
    rows = [
        ICEWS,
        {**ICEWS, "CAMEO Code": "42", "Event Text": "Make a visit", "Intensity": "1.9"},
        {**ICEWS, "CAMEO Code": "1", "Event ID": "3"},
        {**ICEWS, "Target Country": "China", "Event ID": "4"},
        {**ICEWS, "Target Country": "NULL", "Event ID": "5"},
        {**ICEWS, "CAMEO Code": "999", "Event ID": "6"},
    ]
    taken = imported(tmp_path, "icews", *rows)
    assert [fields(event, "type", "codes") for event in taken.events] == [
        ("accusation", {"icews": "20718170", "cameo": "111"}),
        ("visit", {"icews": "20718170", "cameo": "042"}),
    ]
    first = taken.events[0]
    assert first["title"] == "China to United States: Criticize or denounce"
    assert fields(first, "when", "initiators", "goldstein") == ("2014-01-01", ["CHN"], -2)
    assert first["actors"][0] == {"name": "Ministry (Narnia)", "country": "CHN"}
    assert first["attributes"] == {"publisher": "A Paper", "story": "31234", "sentence": 5}
    assert taken.tally.dropped == {"it names fewer than two countries": 2}
    assert taken.tally.unreadable.total() == 2
    assert len({event["id"] for event in taken.events}) == 2


ACLED = {
    "event_id_cnty": "SUD1",
    "event_date": "05 March 2024",
    "time_precision": "1",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "Military Forces of Sudan (2019-)",
    "actor2": "Military Forces of Ethiopia (2018-) Border Guards",
    "country": "Sudan",
    "location": "Fashaga",
    "source": "A Radio",
    "notes": "Both sides shot.",
    "fatalities": "2",
}


@pytest.mark.parametrize(("precision", "when"), [("1", "2024-03-05"), ("2", "2024-03-05~"), ("3", "2024-03")])
def test_acled(tmp_path: Path, precision: str, when: str) -> None:
    rows = [
        {**ACLED, "time_precision": precision},
        {**ACLED, "event_id_cnty": "SUD2", "actor2": "Unidentified Armed Group (Sudan)"},
        {**ACLED, "event_id_cnty": "SUD3", "actor2": ""},
        {**ACLED, "event_id_cnty": "SUD4", "event_date": "2024-03-06", "actor2": "Police Forces of the United States"},
    ]
    taken = imported(tmp_path, "acled", *rows)
    assert [fields(event, "when", "countries") for event in taken.events] == [
        (when, ["ETH", "SDN"]),
        ("2024-03-06", ["SDN", "USA"]),
    ]
    event = taken.events[0]
    assert event["title"] == "Sudan and Ethiopia: Armed clash in Fashaga"
    assert fields(event, "type", "initiators", "domain") == ("armed_clash", ["SDN"], "security")
    assert event["attributes"]["fatalities"] == 2
    assert taken.tally.dropped.total() == 2


GED = {
    "id": "1",
    "type_of_violence": "1",
    "conflict_name": "A: B",
    "dyad_name": "Government of A - Government of B",
    "side_a": "Government of India",
    "side_b": "Government of Pakistan",
    "gwnoa": "750",
    "gwnob": "770",
    "date_prec": "1",
    "date_start": "2019-02-27 00:00:00.000",
    "date_end": "2019-02-27 00:00:00.000",
    "best": "3",
    "low": "3",
    "high": "10",
    "where_coordinates": "A place",
    "source_article": "A Paper, 2019-02-28",
}


def test_ucdp_ged(tmp_path: Path) -> None:
    rows = [
        GED,
        {**GED, "id": "2", "date_end": "2019-02-28 00:00:00.000"},
        {**GED, "id": "3", "gwnob": ""},
        {**GED, "id": "4", "type_of_violence": "3"},
        {**GED, "id": "5", "gwnoa": "345", "gwnob": "339", "date_start": "1999-04-01", "date_end": "1999-04-01"},
    ]
    taken = imported(tmp_path, "ucdp-ged", *rows)
    assert [fields(event, "when", "countries") for event in taken.events] == [
        ("2019-02-27", ["IND", "PAK"]),
        ("2019-02-27/2019-02-28", ["IND", "PAK"]),
        ("1999-04-01", ["ALB", "YUG"]),
    ]
    assert taken.events[0]["attributes"]["deaths"] == 3
    assert taken.tally.dropped.total() == 2


MID = {
    "disno": "61",
    "statea": "2",
    "stateb": "365",
    "year": "1962",
    "strtyr": "1962",
    "strtmnth": "10",
    "strtday": "-9",
    "endyear": "1962",
    "endmnth": "11",
    "endday": "20",
    "hihost": "4",
    "fatlev": "1",
}


def test_cow_mid(tmp_path: Path) -> None:
    taken = imported(tmp_path, "cow-mid", MID, {**MID, "year": "1963"}, {**MID, "disno": "62", "hihost": "2"})
    assert [fields(event, "when", "countries", "type") for event in taken.events] == [
        ("1962-10/1962-11-20", ["SUN", "USA"], "armed_clash"),
        ("1962-10/1962-11-20", ["SUN", "USA"], "threat"),
    ]
    assert taken.events[0]["title"] == "Soviet Union and United States: militarized dispute 61"
    assert taken.tally.dropped == {"it is a later year of a dispute": 1}


ATOP = {
    "atopid": "3180",
    "begyr": "1949",
    "begmo": "4",
    "begday": "4",
    "endyr": "0",
    "endmo": "0",
    "endday": "0",
    "mem1": "2",
    "mem2": "20",
    "mem3": "200",
    "mem4": "",
    "defense": "1",
    "offense": "0",
    "neutral": "0",
    "nonagg": "1",
    "consul": "1",
}


def test_atop(tmp_path: Path) -> None:
    taken = imported(tmp_path, "atop", ATOP, {**ATOP, "atopid": "1", "begday": "", "endyr": "1960", "mem3": ""})
    assert [fields(event, "when", "countries", "stage") for event in taken.events] == [
        ("1949-04-04/..", ["CAN", "GBR", "USA"], "in_force"),
        ("1949-04/1960", ["CAN", "USA"], "ended"),
    ]
    assert taken.events[0]["attributes"] == {
        "defense": "1", "offense": "0", "neutral": "0", "nonagg": "1", "consul": "1",
    }  # fmt: skip


GTA = {
    "Intervention ID": "70001",
    "State Act Title": "A tariff on steel",
    "Intervention URL": "https://www.globaltradealert.org/intervention/70001",
    "GTA Evaluation": "Red",
    "Implementing Jurisdictions": "United States of America",
    "Intervention Type": "Import tariff",
    "Affected Jurisdictions": "China, Republic of Korea",
    "Date Announced": "2018-03-08",
    "Date Implemented": "2018-03-23",
    "Date Removed": "",
}


def test_global_trade_alert(tmp_path: Path) -> None:
    rows = [
        GTA,
        {**GTA, "Intervention ID": "2", "Affected Jurisdictions": "European Union", "GTA Evaluation": "Green"},
        {**GTA, "Intervention ID": "3", "Intervention Type": "Something new", "Affected Jurisdictions": "India"},
        {**GTA, "Intervention ID": "4", "Affected Jurisdictions": ""},
    ]
    taken = imported(tmp_path, "global-trade-alert", *rows)
    assert [fields(event, "countries", "type", "valence") for event in taken.events] == [
        (["CHN", "KOR", "USA"], "tariff", "conflictual"),
        (["EUE", "USA"], "tariff", "cooperative"),
        (["IND", "USA"], "other", "conflictual"),
    ]
    event = taken.events[0]
    assert event["title"] == "A tariff on steel (Import tariff)"
    assert fields(event, "when", "initiators", "domain") == ("2018-03-08", ["USA"], "trade")
    assert event["sources"][0]["url"] == "https://www.globaltradealert.org/intervention/70001"
    assert taken.tally.dropped == {"it names fewer than two countries": 1}


def test_our_own_csv_says_the_same_again(tmp_path: Path) -> None:
    posted = {
        "id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        "title": '=an odd title, with "quotes"',
        "when": "2020/..",
        "countries": ["CHN", "IND", "PAK"],
        "initiators": ["IND"],
        "type": "ban",
        "valence": "neutral",
        "domain": "trade",
        "stage": "in_force",
        "summary": "two\nlines",
        "actors": [{"name": "A ministry", "country": "IND"}],
        "sources": [{"url": "https://example.org/", "published": "2020~"}],
        "tags": ["a tag", "b"],
        "codes": {"gdelt": "0001"},
        "goldstein": -7.5,
        "attributes": {"deep": {"er": [1, None, "2"]}},
    }
    read = {
        **posted, "earliest": None, "latest": None, "precision": "interval", "approximate": False, "uncertain": False,
        "pairs": ["CHN-IND", "IND-PAK"], "revision": 1, "status": "current", "accepted_at": "", "recorded_at": "",
        "revised_at": "", "position": "0:1",
    }  # fmt: skip
    csv_format: Any = FORMATS["csv"]
    path = tmp_path / "export.csv"
    path.write_bytes(
        csv_format.begin(None) + csv_format.write(None, [read, {**read, "status": "retracted"}], first=True)
    )
    taken = import_table(path, mapping=preset("dyadline"))
    pq.write_table(csv_to_table(path), path.with_suffix(".parquet"))
    for again in (taken, import_table(path.with_suffix(".parquet"), mapping=preset("dyadline"))):
        (event,) = again.events
        assert event["id"] == posted["id"]
        assert content_of(read_event(event)) == content_of(read_event(posted))
        assert again.tally.dropped == {"it is retracted": 1}


def test_every_ready_mapping_is_tried() -> None:
    tried = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert {name for name in PRESETS if name != "dyadline"} <= tried
