"""A real Prometheus scrapes all processes, answers what the dashboard asks, and fires the alerts for what is wrong."""

import json
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from tests.support.clients.event_streams import listening
from tests.support.running.engines import OwnEngine, own_kafka, own_postgres
from tests.support.running.free_ports import free_port
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.running.prometheus import needs_prometheus, running_prometheus
from tests.support.running.replaying import replayed, verified
from tests.support.running.session_folder import ROOT
from tests.support.waiting import wait_until

from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess

MONITORING = ROOT / "deploy/monitoring"
EVENT = {"title": "seen", "when": "2020", "countries": ["IND", "CHN"], "type": "ban"}
pytestmark = [needs_prometheus, pytest.mark.timeout(300)]


@pytest.fixture
async def engines_of_its_own(services: Services) -> AsyncIterator[tuple[OwnEngine, OwnEngine]]:
    async with own_kafka() as kafka, own_postgres() as postgres:
        services.bootstrap_servers, services.database_url = kafka.address, postgres.address
        await create_topic(KafkaAccess(kafka.address), services.topic, partitions=3)
        yield kafka, postgres
        await services.stop()


def quick(rules: str) -> str:
    """The rules without their patience: promtool's tests say how long each waits."""
    return re.sub(r"for: \d+[ms]", "for: 1s", rules).replace("dyadline_lag_seconds) > 60", "dyadline_lag_seconds) > 2")


async def test_dashboard_and_alerts_on_a_real_run(
    services: Services, engines_of_its_own: tuple[OwnEngine, OwnEngine]
) -> None:
    kafka, postgres = engines_of_its_own
    services.migrate()
    ports = {name: str(free_port()) for name in ("PROJECTOR_PORT", "REPLAYER_PORT")}
    projector, replayer = await services.projector(**ports), await services.replayer(**ports)
    ingest, timeline = await services.ingest(), await services.timeline()
    targets = {
        "dyadline-ingest": urlsplit(ingest.url).netloc,
        "dyadline-timeline": urlsplit(timeline.url).netloc,
        "dyadline-projector": f"127.0.0.1:{ports['PROJECTOR_PORT']}",
        "dyadline-replayer": f"127.0.0.1:{ports['REPLAYER_PORT']}",
    }
    rules = quick((MONITORING / "rules.yaml").read_text())
    async with (
        httpx.AsyncClient(trust_env=False, timeout=30) as client,
        running_prometheus(targets, rules) as prometheus,
    ):

        async def post() -> None:
            assert (await client.post(f"{ingest.url}/v1/events", json=EVENT)).status_code == 201

        async with listening(client, f"{timeline.url}/v1/live"):
            unanswered = set(queries())

            async def answered() -> bool:
                await post()
                await client.get(f"{timeline.url}/v1/timelines/CHN-IND")
                await client.get(f"{timeline.url}/v1/timelines/nowhere")
                await verified(services)
                for query in sorted(unanswered):
                    if await prometheus.ask(query):
                        unanswered.discard(query)
                return not unanswered

            try:
                await wait_until(answered, 60)
            except AssertionError as error:
                raise AssertionError(f"queries of the dashboard find nothing: {unanswered}") from error
        assert await prometheus.firing() <= {"DyadlineErrors"}, await prometheus.firing()

        await projected(services)
        await projector.kill()
        await prometheus.fires("DyadlineProjectorStopped")
        await prometheus.fires("DyadlineProcessDown")
        await post()
        await prometheus.fires("DyadlineLagGrows")
        # All processes of tests have loaded what any of them loads, and so tell a gauge that the others never set.
        (lag,) = await prometheus.ask('dyadline_lag_records{job="dyadline-timeline"}')
        assert lag["value"][1] == "1"
        projector.start()

        async def quiet() -> bool:
            return not await prometheus.firing() & {
                "DyadlineProjectorStopped",
                "DyadlineProcessDown",
                "DyadlineLagGrows",
            }

        await wait_until(quiet, 60)

        await execute(services, "update timeline_g1.revisions set recorded_at = recorded_at - interval '1 day'")
        assert not (await replayed(services))["result"]["equal"]
        await prometheus.fires("DyadlineVerificationDiffers")
        await execute(services, "update timeline_g1.checkpoints set stopped = 'to be looked at' where partition = 1")
        await prometheus.fires("DyadlinePartitionStopped")
        await replayer.kill()
        await prometheus.fires("DyadlineNoReplayer")

        kafka.pause()
        await prometheus.fires("DyadlineKafkaOutOfReach")
        await prometheus.fires("DyadlineIngestNotReady")
        kafka.resume()
        await postgres.kill()
        await prometheus.fires("DyadlineDatabaseOutOfReach")


def queries() -> list[str]:
    """All that the dashboard asks."""
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


async def execute(services: Services, statement: str) -> None:
    """Do something to the database that no process does."""
    connection = await asyncpg.connect(services.database_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
