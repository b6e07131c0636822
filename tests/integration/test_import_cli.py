"""`ingest import` as people run it: a real command, a real service, a real Kafka."""

import asyncio
import gzip
import json
import os
import pty
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from tests.support.clients.terminals import read_all
from tests.support.inputs.gdelt_files import gdelt_row
from tests.support.inputs.log_writing import read_log
from tests.support.running.engines import Engines, own_kafka
from tests.support.running.free_ports import free_port
from tests.support.running.processes import Service, Services
from tests.support.running.session_folder import session_folder
from tests.support.waiting import wait_until
from typer.testing import CliRunner

from event_schemas.records import Record, decode
from ingest_service.cli.__main__ import app
from local_stack.processes import Process
from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess


@pytest.fixture(scope="module")
async def services(engines: Engines) -> AsyncIterator[Services]:
    topic = f"test.{uuid4().hex}"
    await create_topic(KafkaAccess(engines.bootstrap_servers), topic, partitions=3)
    with TemporaryDirectory(prefix="services-", dir=session_folder()) as folder:
        services = Services(Path(folder), engines.bootstrap_servers, topic, engines.database_url)
        yield services
        await services.stop()


@pytest.fixture(scope="module")
async def ingest(services: Services) -> Service:
    return await services.ingest()


def command(*words: str) -> list[str]:
    """`ingest`, which no timeline service answers here."""
    more = ["--no-wait"] if words[:1] == ("import",) else []
    return [sys.executable, "-m", "ingest_service.cli", *words, *more]


async def run(*words: str, url: str = "") -> tuple[int, str, str]:
    """Run `ingest` in a pipe; returns its exit status, output and complaints."""
    child = await asyncio.create_subprocess_exec(
        *command(*words),
        env={**os.environ, **({"INGEST_URL": url} if url else {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaints = await child.communicate()
    assert child.returncode is not None
    assert b"Traceback" not in complaints, complaints.decode()
    return child.returncode, output.decode(), complaints.decode()


async def own_log(kafka: str, folder: Path) -> Services:
    """Services on a log of their own: what is long is not read again by other tests."""
    topic = f"test.{uuid4().hex}"
    await create_topic(KafkaAccess(kafka), topic, partitions=3)
    return Services(folder / "state", kafka, topic, "")


async def records_in_log(services: Services) -> list[Record]:
    records = await read_log(services.bootstrap_servers, services.topic)
    return [decode(item.key, item.value, item.headers) for item in records]


async def ids_in_log(services: Services) -> list[str]:
    return [record.event_id for record in await records_in_log(services)]


async def length_of_log(services: Services) -> int:
    """How many records it has."""
    consumer = AIOKafkaConsumer(bootstrap_servers=services.bootstrap_servers)
    await consumer.start()
    try:
        partitions = [TopicPartition(services.topic, number) for number in range(3)]
        return sum((await consumer.end_offsets(partitions)).values())
    finally:
        await consumer.stop()


async def codes_in_log(services: Services) -> list[str]:
    """The GLOBALEVENTIDs of all events in the log."""
    events = [record.event_json for record in await records_in_log(services)]
    return [event["codes"]["gdelt"] for event in events if "gdelt" in event.get("codes", {})]


def gdelt_file(folder: Path, *rows: str) -> str:
    path = folder / f"{uuid4().hex[:8]}.export.CSV"
    path.write_text("".join(f"{row}\n" for row in rows))
    return str(path)


def many(first: int, count: int) -> list[str]:
    """Rows of which each is an event of its own."""
    return [gdelt_row(number, address=f"https://news.example/{number}", day="20180326", code=CODES[number % 20])
            for number in range(first, first + count)]  # fmt: skip


CODES = [f"{root:02}0" for root in range(1, 21)]


async def test_a_report_adds_up_to_the_rows(ingest: Service, services: Services, tmp_path: Path) -> None:
    file = gdelt_file(
        tmp_path,
        gdelt_row(101),
        gdelt_row(102),
        gdelt_row(103, "IND"),
        gdelt_row(104, "AFR"),
        gdelt_row(105, "", "USA"),
        "x",
    )
    refused = tmp_path / "refused.ndjson"
    status, output, complaints = await run("import", "gdelt", file, "--refused", str(refused), url=ingest.url)
    assert status == 1
    assert output.splitlines() == [
        "6 rows",
        "  3 recorded, as 2 events",
        "  1 dropped: an actor is a region, not a country",
        "  1 dropped: an actor has no country",
        "  1 unreadable: has not the columns of a GDELT row",
    ]
    assert complaints.splitlines() == [
        f"{Path(file).name}:6: has 1 columns: GDELT's rows have 57, 58 or 61, with tabs between them"
    ]
    assert json.loads(refused.read_bytes()) == {
        "place": f"{Path(file).name}:6",
        "reason": "has 1 columns: GDELT's rows have 57, 58 or 61, with tabs between them",
        "original": "x",
    }
    assert {"101", "103"} <= set(await codes_in_log(services))


async def test_the_same_again_makes_the_same_records(ingest: Service, services: Services, tmp_path: Path) -> None:
    file = gdelt_file(tmp_path, *many(10_000, 50))
    for _ in range(2):
        status, output, _ = await run("import", "gdelt", file, "--json", "--apart", url=ingest.url)
        assert status == 0
        assert json.loads(output)["recorded"] == {"events": 50, "rows": 50}
    mine = [code for code in await codes_in_log(services) if 10_000 <= int(code) < 10_050]
    assert sorted(mine) == sorted([str(number) for number in range(10_000, 10_050)] * 2)


async def test_a_dry_run_posts_nothing_and_shows_the_first_events(services: Services, tmp_path: Path) -> None:
    file = gdelt_file(tmp_path, *many(20_000, 40), gdelt_row(20_100, "", "USA"))
    before = len(await ids_in_log(services))
    nowhere = f"http://127.0.0.1:{free_port()}"
    status, output, _ = await run("import", "gdelt", file, "--dry-run", "--apart", url=nowhere)
    assert status == 0
    lines = output.splitlines()
    assert lines[:3] == [
        "41 rows, nothing was posted; it would be:",
        "  40 recorded, as 40 events",
        "   1 dropped: an actor has no country",
    ]
    assert sum("CHN-USA" in line for line in lines) == 10
    status, output, _ = await run("import", "gdelt", file, "--dry-run", "--apart", "--json", url=nowhere)
    told = json.loads(output)
    assert (told["rows"], told["dry_run"], len(told["first"])) == (41, True, 10)
    assert told["first"][0]["earliest"] == "2018-03-26"
    assert len(await ids_in_log(services)) == before


async def test_a_file_that_is_cut_off_imports_nothing(ingest: Service, services: Services, tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(b"PK\x03\x04" + b"\0" * 100)
    before = len(await ids_in_log(services))
    status, output, complaints = await run(
        "import", "gdelt", gdelt_file(tmp_path, gdelt_row(1)), str(cut), url=ingest.url
    )
    assert status == 1
    assert output.splitlines() == ["1 rows", "  1 not posted"]
    assert "cut.zip is broken or cut off" in complaints
    assert len(await ids_in_log(services)) == before


def test_wrong_usage_is_2(tmp_path: Path) -> None:
    file = gdelt_file(tmp_path, gdelt_row(1))
    for words in (
        (),
        ("gdelt",),
        ("no-such-kind", file),
        ("csv", file),
        ("csv", file, "--mapping", str(tmp_path / "none.yaml")),
        ("csv", file, "--mapping", file),
        ("csv", file, "--apart"),
        ("gdelt", file, "--existing", "correct"),
        ("gdelt", file, "--reason", "why"),
        ("gdelt", file, "--follow", str(tmp_path)),
        ("gdelt", "--follow", str(tmp_path / "none")),
        ("gdelt", "--follow", str(tmp_path), "--dry-run"),
        ("icews", file, "--mapping", file),
        ("gdelt", file, "--url", "ftp://x"),
        ("gdelt", file, "--encoding", "klingon"),
        ("gdelt", file, "--refused", str(tmp_path / "no" / "folder")),
    ):
        done = CliRunner().invoke(app, ["import", *words])
        assert done.exit_code == 2, (words, done.output)
        assert done.stderr


async def test_out_of_reach_is_3_and_says_what_is_not_posted(tmp_path: Path) -> None:
    file = gdelt_file(tmp_path, gdelt_row(1), gdelt_row(2, "", "USA"))
    status, output, complaints = await run("import", "gdelt", file, url=f"http://127.0.0.1:{free_port()}")
    assert status == 3
    assert output.splitlines() == [
        "2 rows",
        "  1 not posted",
        "  1 dropped: an actor has no country",
    ]
    assert "out of reach" in complaints
    assert "import the same again" in complaints


async def test_a_log_that_is_away_is_3_and_the_same_again_records_all_once(
    ingest: Service, services: Services, tmp_path: Path
) -> None:
    file = gdelt_file(tmp_path, *many(30_000, 100))
    port = str(free_port())
    environment = services.environment(INGEST_PORT=port, KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    away = Service(
        Process("away", command("serve"), services.state_dir, environment=environment), f"http://127.0.0.1:{port}"
    )
    away.start()
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            await wait_until(lambda: client.get(f"{away.url}/healthz"), ignore=(httpx.HTTPError,))
        status, output, complaints = await run("import", "gdelt", file, "--apart", url=away.url)
    finally:
        await away.terminate()
    assert (status, output.splitlines()) == (3, ["100 rows", "  100 unknown whether recorded, as 100 events"])
    assert "import the same again" in complaints
    assert (await run("import", "gdelt", file, "--apart", url=ingest.url))[0] == 0
    mine = [code for code in await codes_in_log(services) if 30_000 <= int(code) < 30_100]
    assert sorted(mine) == [str(number) for number in range(30_000, 30_100)]


async def test_an_import_that_is_killed_twice_goes_on_without_a_second_event(engines: Engines, tmp_path: Path) -> None:
    services = await own_log(engines.bootstrap_servers, tmp_path)
    ingest = await services.ingest()
    words = ("import", "gdelt", gdelt_file(tmp_path, *many(40_000, 25_000)), "--apart", "--json", "--url", ingest.url)
    brought = 0
    for _ in range(2):  # the second gets further than the first: it begins with what is there already
        begun = await length_of_log(services)
        child = await asyncio.create_subprocess_exec(*command(*words), stdout=asyncio.subprocess.PIPE)

        async def is_further(begun: int = begun, brought: int = brought) -> bool:
            return await length_of_log(services) > begun + brought

        await wait_until(is_further)
        child.kill()
        output, _ = await child.communicate()
        assert (child.returncode, output) == (-signal.SIGKILL, b"")
        brought = await length_of_log(services) - begun
    status, output_of_last, _ = await run(*words)
    summary = json.loads(output_of_last)
    assert (status, summary["rows"], summary["recorded"]["rows"]) == (0, 25_000, 25_000)
    seen: dict[str, set[bytes]] = {}
    for record in await records_in_log(services):
        seen.setdefault(record.event_id, set()).add(record.content or b"")
    # Each event is in the log with one content: what comes again is judged a duplicate.
    assert all(len(contents) == 1 for contents in seen.values())
    assert len(seen) == 25_000
    await services.stop()


@pytest.mark.timeout(400)
async def test_a_kafka_that_dies_in_the_middle_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    file = gdelt_file(tmp_path, *many(70_000, 20_000))
    async with own_kafka() as engine:
        services = await own_log(engine.address, tmp_path)
        ingest = await services.ingest()
        child = await asyncio.create_subprocess_exec(
            *command("import", "gdelt", file, "--apart", "--json", "--url", ingest.url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

        async def some_are_recorded() -> bool:
            return bool(await length_of_log(services))

        await wait_until(some_are_recorded)
        await engine.kill()
        output, complaints = await child.communicate()
        assert child.returncode == 3, complaints.decode()
        assert b"import the same again" in complaints
        summary = json.loads(output)
        assert (
            summary["rows"]
            == 20_000
            == sum(summary[part]["rows"] for part in ("recorded", "refused", "unknown", "not_posted"))
        )
        await engine.start()
        async with httpx.AsyncClient(trust_env=False) as client:
            await wait_until(lambda: is_ready(client, ingest.url), ignore=(httpx.HTTPError,))
        status, output_again, _ = await run("import", "gdelt", file, "--apart", "--json", url=ingest.url)
        assert (status, json.loads(output_again)["recorded"]["rows"]) == (0, 20_000)
        records = await records_in_log(services)
        assert {int(record.event_json["codes"]["gdelt"]) for record in records} == set(range(70_000, 90_000))
        assert len({record.event_id for record in records}) == 20_000
        await services.stop()


async def is_ready(client: httpx.AsyncClient, url: str) -> bool:
    return (await client.get(f"{url}/readyz")).is_success


MAPPING = """
id: {of: test, columns: [no]}
title: "{who}: {what}"
when: {column: on, format: DD/MM/YYYY}
countries: [{column: who, as: name, initiator: true}, {column: whom, as: name}]
type: {column: what}
"""


async def test_a_table_is_imported_by_its_mapping(ingest: Service, services: Services, tmp_path: Path) -> None:
    table, mapping = tmp_path / "table.csv", tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING)
    rows = [
        "no,on,who,whom,what",
        "1,31/12/2020,India,China,ban",
        "2,30/12/2020,India,India,ban",
        "3,x,India,China,ban",
    ]
    table.write_text("\n".join([*rows, "4,30/12/2020,China,India,no-such-type"]))
    words = ("import", "csv", str(table), "--mapping", str(mapping))
    status, output, complaints = await run(*words, url=ingest.url)
    assert status == 1
    assert output.splitlines() == [
        "4 rows",
        "  1 recorded, as 1 event",
        "  1 refused, as 1 event",
        "  1 dropped: it names fewer than two countries",
        "  1 unreadable: its date cannot be read",
    ]
    first, second = sorted(complaints.splitlines())
    assert first == "table.csv:4: 'x' is not as the mapping says: DD/MM/YYYY"
    assert second.startswith("table.csv:5: ")
    assert "'no-such-type' is not a type" in second
    assert (await run(*words, "--dry-run"))[1].splitlines()[1:5] == output.splitlines()[1:]
    table.write_text(table.read_text().replace("what\n", "What\n"))
    status, output, complaints = await run(*words, url=ingest.url)
    assert (status, output) == (1, "0 rows\n")
    assert "has no column 'what' (is it 'What'?)" in complaints


async def test_what_was_read_of_a_table_before_it_is_cut_off_is_recorded(ingest: Service, tmp_path: Path) -> None:
    table, mapping = tmp_path / "table.csv.gz", tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING)
    rows = [f"cut-{number}-{uuid4()},31/12/2020,India,China,ban" for number in range(5_000)]
    packed = gzip.compress("\n".join(["no,on,who,whom,what", *rows]).encode())
    table.write_bytes(packed[: len(packed) // 2])
    words = ("import", "csv", str(table), "--mapping", str(mapping), "--json")
    status, output, complaints = await run(*words, url=ingest.url)
    assert status == 1
    assert "table.csv.gz is broken or cut off" in complaints
    summary = json.loads(output)
    assert 0 < summary["rows"] < 5_000
    assert summary["recorded"]["rows"] == summary["rows"]
    table.write_bytes(packed)
    status, output, _ = await run(*words, url=ingest.url)
    assert (status, json.loads(output)["recorded"]["rows"]) == (0, 5_000)


async def test_a_folder_is_followed_and_each_file_taken_once(
    ingest: Service, services: Services, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.CSV").write_text("\n".join(many(100_000, 3)))

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *command("import", "gdelt", "--follow", str(folder), "--apart", "--url", ingest.url),
            stdout=asyncio.subprocess.PIPE,
        )

    async def times(number: int) -> int:
        return (await codes_in_log(services)).count(str(number))

    async def has_come(number: int) -> bool:
        return await times(number) == 1

    child = await start()
    await wait_until(lambda: has_come(100_000))
    (folder / "b.CSV").write_text("\n".join(many(100_010, 3)))
    await wait_until(lambda: has_come(100_010))
    child.terminate()
    output, _ = await child.communicate()
    assert (child.returncode, output.decode().count("3 recorded, as 3 events")) == (0, 2)
    child = await start()
    (folder / "c.CSV").write_text("\n".join(many(100_020, 3)))
    await wait_until(lambda: has_come(100_020))
    child.terminate()
    await child.communicate()
    assert [await times(number) for number in (100_000, 100_010, 100_020)] == [1, 1, 1]


async def test_a_load_has_its_name_and_may_correct_what_is_known(
    ingest: Service, services: Services, tmp_path: Path
) -> None:
    file = gdelt_file(tmp_path, gdelt_row(110_000))
    terms = ("--batch", "gdelt.march", "--existing", "correct", "--reason", "a new file")
    status, output, _ = await run("import", "gdelt", file, *terms, url=ingest.url)
    assert (status, output.splitlines()[1]) == (0, "  1 recorded, as 1 event")
    records = await read_log(services.bootstrap_servers, services.topic)
    decoded = [decode(item.key, item.value, item.headers) for item in records]
    (record,) = [item for item in decoded if item.event_json.get("codes", {}).get("gdelt") == "110000"]
    assert (record.batch, record.on_existing, record.reason) == ("gdelt.march", "correct", "a new file")
    status, output, complaints = await run("import", "gdelt", file, "--batch", "no spaces", url=ingest.url)
    assert status == 1
    assert "batch" in complaints


LIMITED = """
import resource, runpy
resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
runpy.run_module("ingest_service.cli", run_name="__main__")
"""


async def test_a_full_disk_is_told(tmp_path: Path) -> None:
    # No file may grow beyond a megabyte, as on a disk that is full.
    file = gdelt_file(tmp_path, *(gdelt_row(number) for number in range(200_000)))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LIMITED, "import", "gdelt", file, "--dry-run"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaints = await child.communicate()
    assert child.returncode == 1
    assert b"there is no room in the folder for temporary files" in complaints


async def test_the_schema_of_mappings_is_shown() -> None:
    status, output, _ = await run("import", "--mapping-schema")
    assert status == 0
    assert json.loads(output)["title"] == "Mapping"


async def test_progress_is_shown_at_a_terminal(ingest: Service, tmp_path: Path) -> None:
    file = gdelt_file(tmp_path, *many(60_000, 3_000))
    shown = await at_a_terminal("import", "gdelt", file, "--apart", "--url", ingest.url)
    assert "reading" in shown
    assert "posting" in shown
    assert "rows/s" in shown
    assert "3000 recorded, as 3000 events" in shown


CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


async def at_a_terminal(*words: str) -> str:

    ours, theirs = pty.openpty()
    child = await asyncio.create_subprocess_exec(
        *command(*words),
        env={**os.environ, "COLUMNS": "100", "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = CONTROL.sub("", await asyncio.to_thread(read_all, ours))
    os.close(ours)
    assert await child.wait() == 0, shown
    return shown
