import asyncio
import json
import sys
from pathlib import Path
from subprocess import run
from threading import Thread
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from tests.faults.test_projector_faults import busy_log
from tests.integration.test_projector import append_garbage
from tests.integration.test_replay_edges import execute
from tests.support.inputs.log_writing import open_log
from tests.support.running.processes import Services
from tests.support.running.projections import projected, read_tables
from tests.support.running.replaying import verified

from timeline_service.domain.exports import End, ExportHeader, Gap, write_end, write_gap, write_header
from timeline_service.domain.replays import Progress
from timeline_service.errors import HaltError
from timeline_service.replay.archived_replay import replay_archive
from timeline_service.settings import Settings


def timeline(services: Services, *arguments: str, status: int = 0, **environment: Any) -> str:
    """What a command prints; asserts how it ends."""
    command = [sys.executable, "-m", "timeline_service.cli", *arguments]
    environment = services.environment(**environment)
    done = run(command, env=environment, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status == 0 else done.stderr


async def test_the_archive_is_enough(services: Services, tmp_path: Path) -> None:
    services.migrate()
    await services.projector()
    await services.replayer()
    service = await services.timeline()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(300, 5))
        await append_garbage(log)
        shown = await projected(services)
    result = await verified(services)
    file = tmp_path / "log.ndjson"
    timeline(services, "export", "--output", str(file), TIMELINE_URL=service.url)
    base, _, name = services.database_url.rpartition("/")
    connection = await asyncpg.connect(services.database_url)
    await connection.execute(f"create database {name}_2")
    try:
        elsewhere: dict[str, Any] = {"DATABASE_URL": f"{base}/{name}_2", "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
        loaded = json.loads(timeline(services, "replay", "--from", str(file), "--json", **elsewhere))["result"]
        assert loaded["digest"] == result["digest"]
        assert loaded["rows"] == result["rows"]
        assert loaded["next_offsets"] == result["next_offsets"]
        assert loaded["explained"] == result["explained"]
        assert loaded["explained"]["rejected"] > 1
        assert await read_tables(f"{base}/{name}_2", loaded["generation"]) == shown
        assert "holds a projection already" in timeline(services, "replay", "--from", str(file), status=1, **elsewhere)
        other = await services.timeline("other", **elsewhere)
        answer = timeline(services, "show", "IN", "CN", TIMELINE_URL=other.url)
        assert answer == timeline(services, "show", "IN", "CN", TIMELINE_URL=service.url)
        await other.terminate()
    finally:
        await connection.execute(f"drop database {name}_2 with (force)")
        await connection.close()


async def test_an_export_that_was_changed_is_refused_and_nothing_is_shown(services: Services, tmp_path: Path) -> None:
    services.migrate()
    service = await services.timeline()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(30, 6))
    file = tmp_path / "log.ndjson"
    timeline(services, "export", "--output", str(file), TIMELINE_URL=service.url)
    lines = file.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith('{"position"'))
    record = json.loads(lines[at])
    lines[at] = json.dumps({**record, "value": record["value"][:-4] + "AAA="}, separators=(",", ":"))
    file.write_text("\n".join(lines) + "\n")
    assert f"line {at + 1}" in timeline(services, "replay", "--from", str(file), status=1)
    del lines[at]
    file.write_text("\n".join(lines) + "\n")
    assert "are missing" in timeline(services, "replay", "--from", str(file), status=1)
    tables = await read_tables(services.database_url)
    assert not tables.revisions
    connection = await asyncpg.connect(services.database_url)
    try:
        assert [tuple(row) for row in await connection.fetch("select n, live from timeline.generations")] == [(1, True)]
    finally:
        await connection.close()


async def test_a_projection_that_goes_on_meanwhile_is_not_replaced(services: Services, tmp_path: Path) -> None:
    services.migrate()
    file = tmp_path / "log.ndjson"
    file.write_bytes(ONE_OF_ONE)
    settings = Settings(database_url=SecretStr(services.database_url))

    def project_meanwhile(progress: Progress) -> None:
        if progress.phase.startswith("indexing: revisions_pkey"):
            moved = Thread(target=asyncio.run, args=[execute(services, BEYOND)])
            moved.start()
            moved.join()

    with pytest.raises(HaltError, match="a projector projects into this database meanwhile"):
        await replay_archive(settings, file, project_meanwhile)
    connection = await asyncpg.connect(services.database_url)
    try:
        assert [tuple(row) for row in await connection.fetch("select n, live from timeline.generations")] == [(1, True)]
        assert await connection.fetchval("select to_regnamespace('timeline_g2') is null")
    finally:
        await connection.close()


#: A whole log, of one partition with nothing but a marker.
ONE_OF_ONE = write_header(ExportHeader("t", 1, 0, 0, 1)) + write_gap(Gap(0, 0, 1)) + write_end(End(0, 0, 1))
#: What a projector does that is at a log of its own.
BEYOND = """
insert into timeline_g1.checkpoints (
    partition, next_offset, epoch, owner, cluster_id, partition_count, applied, duplicate, rejected, parked
) values (0, 9, 1, 'somebody', 'a cluster', 1, 9, 0, 0, 0)
"""
