"""What projector and replayer tell of themselves, and what the status tells of those that have gone."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.inputs.log_writing import open_log, recording
from tests.support.running.free_ports import free_port
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.running.token_files import bearing, write_tokens
from tests.support.waiting import wait_until

from service_edge.access.roles import Role


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        yield client


async def metrics(client: httpx.AsyncClient, url: str) -> dict[str, float]:
    """The samples of a process by name and labels."""
    text = (await client.get(f"{url}/metrics")).text
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_projector_says_that_it_projects_and_counts_what_it_does(
    services: Services, client: httpx.AsyncClient
) -> None:
    services.migrate()
    url = f"http://127.0.0.1:{(port := free_port())}"
    await services.projector(PROJECTOR_PORT=str(port))

    async def ready() -> bool:
        return (await client.get(f"{url}/readyz")).status_code == 200

    await wait_until(ready, ignore=(httpx.HTTPError,))
    assert (await client.get(f"{url}/healthz")).json() == {"status": "ok"}
    async with open_log(services.bootstrap_servers, services.topic) as log:
        event = recording("counted")
        await log.append(event, recording("another"), event)
        await projected(services)

    async def counted() -> bool:
        found = await metrics(client, url)
        return (
            found["dyadline_projector_records_total applied"],
            found["dyadline_projector_records_total duplicate"],
        ) == (2, 1)

    await wait_until(counted)
    found = await metrics(client, url)
    assert found["dyadline_projector_partitions"] > 0
    assert found["dyadline_projector_batch_seconds_count"] > 0


@pytest.mark.parametrize("kind", ["projector", "replayer"])
async def test_what_cannot_work_says_why_it_waits(services: Services, client: httpx.AsyncClient, kind: str) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    ports = {f"{kind.upper()}_PORT": str(port), "DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/none"}
    await (services.projector(**ports) if kind == "projector" else services.replayer(**ports))

    async def reason() -> bool:
        answer = await client.get(f"{url}/readyz")
        return answer.status_code == 503 and "PostgreSQL is out of reach" in answer.json()["reason"]

    await wait_until(reason, ignore=(httpx.HTTPError,))
    assert (await client.get(f"{url}/healthz")).status_code == 200


async def test_a_port_that_is_taken_ends_the_process_with_the_reason(
    services: Services, client: httpx.AsyncClient
) -> None:
    services.migrate()
    port = str(free_port())
    await services.replayer("first", REPLAYER_PORT=port)
    await wait_until(lambda: client.get(f"http://127.0.0.1:{port}/healthz"), ignore=(httpx.HTTPError,))
    with suppress(RuntimeError):  # it may have ended before anybody looks
        await services.replayer("second", REPLAYER_PORT=port)
    second = services.all[-1]
    await second.ended()
    said = second.process.log_end(10)
    assert f"port {port} of 127.0.0.1 cannot be had: Address already in use: name another with REPLAYER_PORT" in said


async def test_probes_that_others_could_reach_keep_the_metrics(
    services: Services, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    services.migrate()
    tokens = write_tokens(tmp_path / "tokens.jsonl", {"oscar": [Role.OPERATE], "ada": [Role.READ]})
    place = {"REPLAYER_HOST": "0.0.0.0", "REPLAYER_PORT": str(port := free_port())}
    with suppress(RuntimeError):  # it may have ended before anybody looks
        await services.replayer("open", **place)
    await services.all[-1].ended()
    assert "0.0.0.0 can be reached from outside" in services.all[-1].process.log_end(10)
    await services.replayer("guarded", **place, TIMELINE_TOKENS_FILE=str(tmp_path / "tokens.jsonl"))
    url = f"http://127.0.0.1:{port}"

    async def answers() -> bool:
        return (await client.get(f"{url}/readyz")).status_code == 200

    await wait_until(answers, ignore=(httpx.HTTPError,))
    assert (await client.get(f"{url}/healthz")).status_code == 200
    for headers, status in (({}, 401), (bearing(tokens["ada"]), 403), (bearing(tokens["oscar"]), 200)):
        assert (await client.get(f"{url}/metrics", headers=headers)).status_code == status


async def test_the_status_names_an_owner_that_has_gone_and_the_lag_in_seconds(
    services: Services, client: httpx.AsyncClient
) -> None:
    services.migrate()
    timeline = await services.timeline()
    projector = await services.projector()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(recording("projected"))
        await projected(services)
        status = (await client.get(f"{timeline.url}/v1/status")).json()
        assert status["lag_seconds"] == 0
        assert {item["gone_since"] for item in status["partitions"]} == {None}
        await projector.kill()
        await log.append(recording("left"), recording("behind"))
    await _unheard_for(services, 31)
    status = (await client.get(f"{timeline.url}/v1/status")).json()
    assert all(item["gone_since"] is not None for item in status["partitions"] if item["owner"] is not None)
    assert status["lag"] == 2

    async def grows() -> bool:
        now = (await client.get(f"{timeline.url}/v1/status")).json()
        return bool(now["lag_seconds"] > status["lag_seconds"])

    await wait_until(grows)
    found = await metrics(client, timeline.url)
    assert found["dyadline_lag_records"] == 2
    assert found["dyadline_lag_seconds"] > 0


async def test_readiness_can_be_bound_to_the_lag(services: Services, client: httpx.AsyncClient) -> None:
    services.migrate()
    projector = await services.projector()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(recording("projected"))
        await projected(services)
        timeline = await services.timeline(TIMELINE_READY_LAG_SECONDS="0.05")  # which is ready then
        await projector.kill()
        await log.append(recording("left behind"))

    async def behind() -> bool:
        answer = await client.get(f"{timeline.url}/readyz")
        return answer.status_code == 503 and "more than 0.05 s" in answer.json()["detail"]

    await wait_until(behind)


async def _unheard_for(services: Services, seconds: int) -> None:
    connection = await asyncpg.connect(services.database_url)
    try:
        await connection.execute(
            "update timeline.processes set heard_at = heard_at - make_interval(secs => $1)", seconds
        )
    finally:
        await connection.close()
