import json
import sys
from pathlib import Path
from subprocess import run
from typing import Any

import asyncpg
from tests.faults.test_projector_faults import busy_log
from tests.integration.test_projector import append_garbage
from tests.support.log_writing import open_log
from tests.support.processes import Services
from tests.support.projections import projected, read_tables
from tests.support.replaying import verified


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
    tables = await read_tables(services.database_url)
    assert not tables.revisions
    connection = await asyncpg.connect(services.database_url)
    try:
        assert [tuple(row) for row in await connection.fetch("select n, live from timeline.generations")] == [(1, True)]
    finally:
        await connection.close()
