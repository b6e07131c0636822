"""deploy/README.md, followed: its blocks of commands are run in a shell as they stand there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.inputs.operators_page import blocks, run_block
from tests.support.running.engines import own_kafka, own_postgres
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.running.prometheus import needs_prometheus
from tests.support.running.replaying import verified
from tests.support.running.session_folder import ROOT

from event_schemas.records import TOPIC
from local_stack.postgres_engine import postgres_programs
from local_stack.topic import create_topic
from service_edge.access.roles import Role
from service_edge.access.tokens import Tokens
from service_edge.database_access import read_database_url
from service_edge.kafka_access import KafkaAccess

EVERYTHING = frozenset(Role)


def at_a_terminal(**more: str) -> dict[str, str]:
    """What an operator's shell knows: our commands, and PostgreSQL's."""
    paths = (str(Path(sys.executable).parent), str(postgres_programs()), os.environ["PATH"])
    return {**os.environ, "PATH": os.pathsep.join(paths), **more}


def test_what_is_not_run_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        for block in blocks():
            if block.lack:
                print(f"\nnot run, {block.lack}\n{block.commands}", end="")
    assert any(block.lack for block in blocks())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing")
def test_the_secrets_of_compose_are_made(tmp_path: Path) -> None:
    token = run_block("mkdir -p deploy/secrets", tmp_path, at_a_terminal()).strip()
    secrets = tmp_path / "deploy/secrets"
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert {each.name for each in secrets.iterdir()} == {"postgres_password", "database_url", "tokens"}
    assert {each.stat().st_mode & 0o777 for each in secrets.iterdir()} == {0o400}
    assert {each.name for each in secrets.iterdir() if each.stat().st_uid == 10_001} == {"database_url", "tokens"}
    password = (secrets / "postgres_password").read_text().strip()
    assert password in str(read_database_url({"DATABASE_URL_FILE": str(secrets / "database_url")}))
    operator = Tokens((secrets / "tokens").read_bytes()).find(token)
    assert operator is not None
    assert (operator.name, operator.roles) == ("operator", EVERYTHING)


def test_the_tokens_of_kubernetes_are_made(tmp_path: Path) -> None:
    token = run_block("ingest token operator", tmp_path, at_a_terminal()).strip()
    tokens = Tokens((tmp_path / "tokens").read_bytes())
    operator, prometheus = tokens.find(token), tokens.find((tmp_path / "scrape-token").read_text().strip())
    assert operator is not None
    assert prometheus is not None
    assert (operator.roles, prometheus.roles) == (EVERYTHING, frozenset({Role.OPERATE}))


@needs_prometheus
def test_the_rules_of_the_alerts_are_checked() -> None:
    assert "SUCCESS" in run_block("cd deploy/monitoring", ROOT, at_a_terminal())


@pytest.mark.timeout(400)
async def test_a_database_and_then_a_kafka_are_lost_and_regained(tmp_path: Path) -> None:
    async with own_kafka() as kafka, own_kafka() as another_kafka, own_postgres() as database:
        await create_topic(KafkaAccess(kafka.address), TOPIC, partitions=3)
        services = Services(tmp_path / "state", kafka.address, TOPIC, database.address)
        services.migrate()
        ingest, projector, replayer = await services.ingest(), await services.projector(), await services.replayer()
        timeline = await services.timeline()
        server = dict(zip(("PGHOST", "PGPORT"), database.address.split("@")[1].split("/")[0].split(":"), strict=True))
        urls = {"INGEST_URL": ingest.url, "TIMELINE_URL": timeline.url}
        operator = at_a_terminal(**services.environment(), **urls, **server, PGUSER="dyadline")
        shell("ingest generate 300 | ingest post - --no-wait", operator)
        before = (await projected(services), (await verified(services))["digest"])

        run_block("pg_dump", tmp_path, operator)
        for process in (projector, replayer, timeline):
            await process.terminate()
        shell("dropdb dyadline", operator)
        run_block("createdb", tmp_path, operator)
        shell("ingest generate 400 | ingest post - --no-wait", operator)  # of which the dump knows three hundred
        projector, replayer = await services.projector("projector-again"), await services.replayer("replayer-again")
        timeline = await services.timeline("timeline-again")
        after = (await projected(services), (await verified(services))["digest"])
        assert after != before

        operator |= {"TIMELINE_URL": timeline.url}
        run_block("timeline export", tmp_path, operator)
        for process in (ingest, projector, replayer, timeline):
            await process.terminate()
        await kafka.kill()
        operator |= {"KAFKA_BOOTSTRAP_SERVERS": another_kafka.address}
        said = run_block("timeline restore", tmp_path, operator, {"kafka:9092": another_kafka.address})
        assert "restored 700 records" in said
        services.bootstrap_servers = another_kafka.address
        await services.projector("projector-elsewhere")
        await services.replayer("replayer-elsewhere")
        assert (await projected(services), (await verified(services))["digest"]) == after
        await services.stop()


def shell(command: str, environment: dict[str, str]) -> None:
    """Do what the page leaves to its reader, and what happens to him."""
    subprocess.run(["bash", "-euo", "pipefail", "-c", command], env=environment, check=True, capture_output=True)
