"""Services that answer with several processes behind one port."""

import asyncio
import os
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families
from tests.faults.test_projector_faults import busy_log
from tests.support.inputs.log_writing import open_log, read_log
from tests.support.running.free_ports import free_port
from tests.support.running.processes import Service, Services
from tests.support.running.projections import projected
from tests.support.waiting import wait_until


def workers_of(service: Service) -> list[int]:
    """The pids of the processes that answer."""
    return sorted(child.pid for child in psutil.Process(service.pid).children() if child.status() != "zombie")


@asynccontextmanager
async def clients_of(service: Service, number: int) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Clients with a connection each."""
    clients = [httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) for _ in range(number)]
    try:
        yield clients
    finally:
        for client in clients:
            await client.aclose()


async def counted(client: httpx.AsyncClient, family: str, **labels: str) -> dict[str | None, float]:
    """A metric by worker, of samples with these labels."""
    sums: dict[str | None, float] = {}
    for found in text_string_to_metric_families((await client.get("/metrics")).text):
        for sample in found.samples:
            if sample.name == family and labels.items() <= sample.labels.items():
                worker = sample.labels.get("worker")
                sums[worker] = sums.get(worker, 0.0) + sample.value
    return sums


def event(number: int) -> dict[str, Any]:
    return {"title": f"no. {number}", "when": "2020", "countries": ["IND", "CHN"], "type": "ban"}


async def test_ingest_answers_with_two_and_starts_again_who_is_killed(services: Services) -> None:
    service = await services.ingest(INGEST_WORKERS="2")
    first = workers_of(service)
    assert len(first) == 2
    service.signal(signal.SIGHUP)  # which renews certificates, where there are any
    async with clients_of(service, 8) as clients:

        async def post(number: int) -> str | None:
            """Its position, or None where the connection was cut before the answer."""
            try:
                answer = await clients[number % 8].post("/v1/events", json=event(number))
            except httpx.TransportError:
                return None
            assert answer.status_code in {201, 503}, answer.text
            return str(answer.json()["position"]) if answer.status_code == 201 else None

        told = await asyncio.gather(*map(post, range(64)))
        assert None not in told
        assert len(set(told)) == 64
        by_worker = await counted(clients[0], "ingest_events_total")
        assert by_worker.keys() == {"0", "1"}, "each worker is counted by itself"
        assert sum(by_worker.values()) == 64
        assert workers_of(service) == first
        posting = asyncio.gather(*(post(number) for number in range(64, 256)))
        os.kill(first[0], signal.SIGKILL)
        await posting
        await wait_until(lambda: len(workers_of(service)) == 2)
        assert first[1] in workers_of(service)
        await service.ready()
        assert None not in await asyncio.gather(*map(post, range(64)))
    assert "a worker has ended and is started again" in service.log
    await service.terminate()
    assert not any(psutil.pid_exists(pid) for pid in first)


async def test_workers_count_a_callers_requests_together(services: Services) -> None:
    service = await services.ingest(INGEST_WORKERS="3", INGEST_EVENTS_PER_MINUTE="30")
    async with clients_of(service, 12) as clients:
        answers = await asyncio.gather(*(clients[n % 12].post("/v1/events", json=event(n)) for n in range(60)))
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses.keys() == {201, 429}
        assert 30 <= statuses[201] <= 40, "some come again as time goes on"
        assert len(await counted(clients[0], "process_start_time_seconds")) == 3


async def test_the_api_answers_with_two_and_streams_from_either(services: Services) -> None:
    services.migrate()
    await services.projector()
    ingest = await services.ingest()
    service = await services.timeline(TIMELINE_API_WORKERS="2")
    async with clients_of(service, 12) as clients, clients_of(ingest, 1) as (writer,):
        async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client:

            async def hear(title: str) -> str:
                """The position of an event that a stream tells of."""
                async with client.stream("GET", "/v1/timelines/CHN-IND/live") as stream:
                    listening.release()
                    async for line in stream.aiter_lines():
                        if line.startswith("data: ") and title in line:
                            return line
                raise AssertionError("the stream has ended")

            listening = asyncio.Semaphore(0)
            hearing = [asyncio.create_task(hear("no. 7")) for _ in range(8)]
            for _ in hearing:
                await listening.acquire()
            assert sum((await counted(clients[0], "dyadline_live_listeners")).values()) == 8
            posted = (await writer.post("/v1/events", json=event(7))).json()
            assert all(posted["id"] in line for line in await asyncio.gather(*hearing))
        position = {"timeline-position": posted["position"]}
        pages = await asyncio.gather(*(c.get("/v1/timelines/CHN-IND", headers=position) for c in clients))
        assert {page.content for page in pages} == {pages[0].content}
        answers = await counted(clients[0], "dyadline_http_answer_seconds_count", route="/v1/timelines/{pair}")
        assert sum(answers.values()) == 12
        assert len(answers) == 2, "both have answered"
        assert await counted(clients[0], "dyadline_database_up") == {None: 1}, "what all have in common stands once"
        ready = await asyncio.gather(*(c.get("/readyz") for c in clients))
        assert {answer.status_code for answer in ready} == {200}


async def test_projectors_of_one_command_share_the_partitions(services: Services) -> None:
    services.migrate()
    port = free_port()
    projector = await services.projector(TIMELINE_WORKERS="2", PROJECTOR_PORT=str(port))
    async with (
        open_log(services.bootstrap_servers, services.topic) as log,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client,
    ):

        async def shared() -> bool:
            had = await counted(client, "dyadline_projector_partitions")
            return len(had) == 2 and min(had.values()) >= 1 and sum(had.values()) == 3

        await wait_until(shared, ignore=(httpx.HTTPError,))
        await wait_until(lambda: is_ready(client))
        await log.append(*busy_log(300, 5))
        await projected(services)
        by_worker = await counted(client, "dyadline_projector_records_total")
        assert by_worker.keys() == {"0", "1"}
        assert sum(by_worker.values()) == len(await read_log(services.bootstrap_servers, services.topic))
    pids = workers_of(projector)
    await projector.terminate()
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def is_ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


async def test_workers_end_with_the_process_that_looks_after_them(services: Services) -> None:
    service = await services.ingest(INGEST_WORKERS="2")
    pids = workers_of(service)
    assert service.pid is not None
    os.kill(service.pid, signal.SIGKILL)
    await wait_until(lambda: not any(psutil.pid_exists(pid) for pid in pids))


async def test_a_port_that_is_taken_is_named(services: Services) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = ["-m", "ingest_service.cli", "serve"]
        process = services._process("ingest", command, {"INGEST_WORKERS": "2", "INGEST_PORT": str(port)})
        process.start()
        await wait_until(lambda: process.pid() is None)
    assert process.how_it_ended() == "with exit status 2"
    assert f"port {port} of 127.0.0.1 cannot be had: Address already in use" in process.log_file.read_text()
