"""That the benchmark measures what it says, on few events; never how fast anything is."""

import hashlib
import io
import json
from collections import Counter
from uuid import uuid4

import asyncpg
import pytest
from rich.console import Console
from tests.bench.__main__ import main
from tests.bench.bench import measure
from tests.bench.event_supply import events
from tests.bench.filled_service import filled_service
from tests.bench.filled_tables import LARGEST, PAIRS, fill_tables
from tests.bench.large_log import fill_log
from tests.bench.page_figures import measure_pages
from tests.bench.reading_figures import measure_reads
from tests.bench.reading_pages import reads
from tests.bench.signing_figures import measure_signing
from tests.bench.table import print_readings, print_table, print_visits
from tests.support.clients.browsers import CHROMIUM
from tests.support.inputs.log_writing import read_log
from tests.support.running.engines import Engines

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

BULK = "NDJSON bulk, one request, checked and acknowledged"
IMPORT = "import of CSV by a mapping, checked and acknowledged"
_INDEXES = "select count(*) from pg_indexes where schemaname = 'timeline_g' || $1::int"
_COUNTED = "select pair, sum(events) as events from timeline_g1.pair_counts group by pair"
_TRAITS = ("type", "valence", "domain", "stage", "sources", "goldstein")
_FILLED = """
select entry.*, made.content, made.digest, document.facets, document.earliest as document_earliest
from timeline_g1.entries as entry
join timeline_g1.revisions as made using (event_id, revision, partition, from_offset)
join timeline_g1.documents as document using (event_id, revision, partition, from_offset)
"""


async def test_every_figure_has_its_floor(engines: Engines) -> None:
    figures = await measure(engines, events=2_000, singles=20)
    units = [figure.unit for figure in figures]
    assert units == [*["/s"] * 9, *["ms"] * 2, "/s", *["ms"] * 4, *["MB"] * 5]
    assert len({figure.name for figure in figures}) == len(figures)
    assert all(figure.value > 0 and figure.floor > 0 for figure in figures)
    assert [figure for figure in figures if figure.too_large] == []
    by_name = {figure.name: figure for figure in figures}
    bulk, imported = (by_name[name] for name in (BULK, IMPORT))
    assert imported.floor == bulk.value
    rebuild, beside = by_name["rebuild, all tables and indexes"], by_name["… beside the live projection"]
    live = by_name["… until documents to search are level"]
    assert (beside.value, beside.floor) == (rebuild.value, live.value)
    assert by_name["… until it is compared and live"].value <= rebuild.value
    assert live.value <= by_name["projection, exactly once, one process"].value
    output = io.StringIO()
    print_table(figures, 2_000, Console(file=output, width=160))
    words = " ".join(output.getvalue().split())
    for expected in ("2,000 events", "Debezium JDBC sink", "its docs", *(f"{figure.ratio:.2f}" for figure in figures)):
        assert expected in words


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


async def test_what_signing_costs_is_told_beside_doing_without(engines: Engines) -> None:
    figures = await measure_signing(engines, events=1_000, singles=20)
    assert [figure.name.partition(",")[0] for figure in figures] == [
        *("single post", "single post", "NDJSON bulk", "projection of signed records"),
    ]
    assert all(figure.value > 0 and figure.floor > 0 for figure in figures)
    assert figures[-1].cpu_seconds > 0


async def test_every_read_has_its_floor_and_a_smaller_one(engines: Engines) -> None:
    async with filled_service(engines, 1_000) as few, filled_service(engines, 5_000) as many:
        readings, figures = await measure_reads(few, many, repetitions=4)
    assert len(readings) == len(list(reads())) + 1
    assert all(reading.at(99) >= reading.at(50) > 0 for reading in readings)
    assert all(reading.floor > 0 and reading.small > 0 for reading in readings)
    assert [figure.unit for figure in figures] == ["/s", "/s", "/s", "MB"]
    assert all(figure.value > 0 and figure.floor > 0 for figure in figures)
    output = io.StringIO()
    print_readings(readings, 5_000, 1_000, Console(file=output, width=160))
    words = " ".join(output.getvalue().split())
    for expected in ("5,000 events", "p50 of 1,000", *(f"{reading.ratio:.2f}" for reading in readings)):
        assert expected in words


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
async def test_every_page_is_shown_and_zoomed(engines: Engines) -> None:
    async with filled_service(engines, 1_000) as shown, filled_service(engines, 10_000) as many:
        visits = await measure_pages(shown, many)
    names = [each.name for each in visits]
    assert names[:2] == ["Dyadline, a pair of 250 events", "Dyadline, a pair of 2,500 events"]
    assert visits[0].bytes < 150_000  # with all that its graphic draws
    assert names[2].startswith("vis-timeline 8")
    assert names[3].startswith("timelinejs 3")
    for each in visits:
        assert each.bytes > 10_000
        assert each.nodes > 100
        assert each.usable is not None
        assert each.usable > 0
        assert each.longest_zooming is not None
    output = io.StringIO()
    print_visits(visits, Console(file=output, width=160))
    assert all(name in " ".join(output.getvalue().split()) for name in names)


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


@pytest.mark.parametrize("value", ["0", "many", "-1"])
def test_a_number_of_events_that_cannot_be_is_wrong_usage(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BENCH_EVENTS", value)
    assert main() == 2
    assert f"BENCH_EVENTS={value} is not a number of events" in capsys.readouterr().err


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
