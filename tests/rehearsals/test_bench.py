"""That the benchmark measures what it says, on few events; never how fast anything is."""

import hashlib
import io
import json
import re
from collections import Counter
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree

import asyncpg
import pytest
from rich.console import Console
from tests.bench.__main__ import main
from tests.bench.event_supply import events
from tests.bench.growth.loads import measure_loads
from tests.bench.growth.pages import measure_pages as measure_growing_pages
from tests.bench.growth.plots import growth_plots
from tests.bench.growth.points import Point, keep_points
from tests.bench.growth.replays import measure_replays
from tests.bench.growth.report import growth_table
from tests.bench.ingest_figures import BULK
from tests.bench.large_log import fill_log
from tests.bench.modes import Mode
from tests.bench.projection_figures import LEVEL, ROWS
from tests.bench.readme import speed_table, with_table
from tests.bench.reads.filled_tables import LARGEST, PAIRS, fill_tables
from tests.bench.reads.reading_figures import Effort
from tests.bench.replays.rebuild_figures import REBUILD
from tests.bench.results import write_results
from tests.bench.table import print_table
from tests.bench.whole import measure_all
from tests.support.clients.browsers import CHROMIUM
from tests.support.inputs.log_writing import read_log
from tests.support.running.engines import shared_engines
from tests.support.running.session_folder import ROOT

from event_schemas.countries import pairs_of
from event_schemas.dates import parse_when
from event_schemas.events import read_event
from event_schemas.json_text import write_json
from event_schemas.log_topic import PARTITIONS
from event_schemas.partitions import partitions_of
from event_schemas.records import decode
from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess
from timeline_service.adapters.postgres.generation_tables import create_tables
from timeline_service.adapters.postgres.sql_files import generation_schema
from timeline_service.domain.search_documents import document_of
from timeline_service.judge.entries import event_content

RESULT = {"name", "value", "unit", "floor", "ratio", "cpu_us", "peers"}
TINY = Mode(2, 2_000, 10, 1, 150, Effort(4, 0.2), 3, 1_000)
_INDEXES = "select count(*) from pg_indexes where schemaname = 'timeline_g' || $1::int"
_COUNTED = "select pair, sum(events) as events from timeline_g1.pair_counts group by pair"
_TRAITS = ("type", "valence", "domain", "stage", "sources", "goldstein")
_FILLED = """
select entry.*, made.content, made.digest, document.facets, document.earliest as document_earliest
from timeline_g1.entries as entry
join timeline_g1.revisions as made using (event_id, revision, partition, from_offset)
join timeline_g1.documents as document using (event_id, revision, partition, from_offset)
"""


@pytest.mark.timeout(600)
async def test_everything_is_measured_beside_floors_and_peers(tmp_path: Path) -> None:
    found = await measure_all(TINY)
    by_name = {figure.name: figure for figure in found.figures}
    assert len(by_name) == len(found.figures)
    for figure in found.figures:
        assert figure.value > 0 or "longest task above" in figure.name, figure.name
        assert figure.floor is None or figure.floor > 0, figure.name
    assert [figure for figure in found.figures if figure.too_large] == []
    bulk, csv, rows, level, rebuild = (
        by_name[name] for name in (BULK, "import of CSV by a mapping", ROWS, LEVEL, REBUILD)
    )
    assert csv.floor == bulk.value
    assert level.value <= rows.value
    assert by_name["rebuild until it is compared and live"].value <= rebuild.value
    assert {peer.name.partition(" ")[0] for peer in rows.peers if peer.measured_here} == {"Debezium", "eventsourcing"}
    assert {peer.name.partition(" ")[0] for peer in bulk.peers if peer.measured_here} == {"eventsourcing", "Emmett"}
    assert [peer.measured_here for peer in rebuild.peers] == [True]
    assert by_name["projection, in rows"].value > rows.value
    assert by_name["projection of signed records, verified"].cpu_seconds > 0
    for figure in found.figures:
        if figure.name.startswith("timeline, "):
            assert figure.floor is not None, figure.name
    if CHROMIUM is not None:
        names = [peer.name for peer in by_name["page of a pair of 250 events, usable after"].peers]
        assert [name.partition(" ")[0] for name in names] == ["vis-timeline", "timelinejs"]
        assert by_name["page of a pair of 250 events, transferred"].value < 150  # with all that its graphic draws

    output = io.StringIO()
    print_table(found.figures, "with 2,000 events", Console(file=output, width=240))
    words = " ".join(output.getvalue().split())
    for expected in ("with 2,000 events", "Debezium JDBC sink", "its docs", "eventsourcing 9.5.6", "Emmett 0."):
        assert expected in words

    write_results(found.figures, tmp_path / "bench.json")
    results = json.loads((tmp_path / "bench.json").read_text())
    assert [result["name"] for result in results] == [figure.name for figure in found.figures]
    assert all(result.keys() == RESULT for result in results)
    table = speed_table(results, "Measured today.")
    assert re.search(
        r"\| projection of rows, in events \| [\d,]+ /s \| \d+ µs \| 0\.\d\d \|.*Debezium JDBC sink", table
    )
    assert table in with_table((ROOT / "README.md").read_text(encoding="utf-8"), "speed", table)


@pytest.mark.timeout(300)
async def test_growth_is_measured_and_drawn(tmp_path: Path) -> None:
    engines = await shared_engines()
    points: list[Point] = []
    for size in (1_000, 2_000):
        for measured in (
            await measure_loads(engines, size),
            await measure_replays(engines, size),
            await measure_growing_pages(engines, size, TINY.effort),
        ):
            points = keep_points(tmp_path / "growth.json", measured)
    assert all(point.value > 0 and point.day for point in points)
    figures = {point.figure for point in points}
    assert len(points) == 2 * len(figures)
    table, plots = growth_table(points), growth_plots(points)
    for figure in figures:
        assert figure in table
        assert figure in plots
    ElementTree.fromstring(plots)


async def test_a_large_log_is_one_that_ingest_could_have_written(kafka: str) -> None:
    topic = f"test.{uuid4().hex}"
    await create_topic(KafkaAccess(kafka), topic)
    await fill_log(kafka, topic, 6_000)
    log = await read_log(kafka, topic)
    assert len({record.key for record in log}) == len(log) == 6_000
    for record in log[::100]:
        read = decode(record.key, record.value, record.headers)
        assert read.action == "recorded"
        assert partitions_of([record.key], PARTITIONS) == {record.key: record.partition}


async def test_filled_tables_hold_what_the_product_would_have_made(database_url: str) -> None:
    await fill_tables(database_url, 6_000)
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(_FILLED)
        counted = await connection.fetch(
            "select pair, sum(events) as events from timeline_g1.pair_counts group by pair"
        )
        assert await connection.fetchval(_INDEXES, 1) > 10
        async with connection.transaction():
            await create_tables(connection, generation_schema(2), indexes=True)
        assert await connection.fetchval(_INDEXES, 1) == await connection.fetchval(_INDEXES, 2)
    finally:
        await connection.close()
    assert len(rows) == 6_000
    assert {row["pair"]: row["events"] for row in counted} == Counter(row["pair"] for row in rows)
    assert {row["pair"] for row in rows} == {*PAIRS}
    assert sum(row["pair"] == LARGEST for row in rows) == 1_500
    spans = set()
    for row in rows:
        document = document_of(event_content(row["content"]), None)
        entry = document.entry
        assert write_json(json.loads(row["content"])).decode() == row["content"]
        assert hashlib.sha256(row["content"].encode()).digest() == row["digest"]
        assert (row["pair"],) == entry.pairs
        assert (row["span"], row["earliest"], row["latest"]) == (entry.span, entry.earliest, entry.latest)
        assert (row["direction"],) == entry.directions
        assert tuple(row[name] for name in _TRAITS) == entry.traits
        assert sorted(row["facets"]) == sorted(document.facets)
        assert row["document_earliest"] == entry.earliest
        spans.add(entry.span)
    assert spans == {0, 1, 2, 3}
    assert read_event(json.loads(rows[0]["content"])).title


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        *(("BENCH_EVENTS", value, f"BENCH_EVENTS={value} is not a number of events") for value in ("0", "many", "-1")),
        ("FULL", "yes", "FULL=yes: write 1 to measure in full, 0 not to"),
    ],
)
def test_a_setting_that_cannot_be_is_wrong_usage(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert main() == 2
    assert words in capsys.readouterr().err


def test_events_are_varied_and_the_same_in_every_run() -> None:
    first, again = list(events(3_000)), list(events(3_000))
    assert first == again
    read = [read_event(event) for event in first]
    assert {parse_when(event.when).precision for event in read} == {
        "day", "month", "season", "quarter", "year", "decade", "century", "interval"
    }  # fmt: skip
    assert len({pair for event in read for pair in pairs_of(event.countries, event.initiators or [])}) > 500
    assert any(event.initiators for event in read)
    assert not all(event.initiators for event in read)
    assert list(events(10, first=100)) == first[100:110]
