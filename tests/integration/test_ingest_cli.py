"""`ingest post` as people run it: a real command, a real service, a real Kafka."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.support.inputs.log_writing import read_log
from tests.support.running.engines import Engines
from tests.support.running.free_ports import free_port
from tests.support.running.ingesting import an_event
from tests.support.running.processes import Service, Services
from tests.support.running.session_folder import session_folder
from tests.support.waiting import wait_until

from event_schemas.records import decode
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


async def post(*words: str, url: str = "", stdin: bytes = b"", **environment: str) -> tuple[int, str, str]:
    """Run `ingest post`, which no timeline service answers; returns its exit status, output and complaints."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ingest_service.cli", "post", "--no-wait", *words),
        env={**os.environ, **({"INGEST_URL": url} if url else {}), **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaints = await child.communicate(stdin)
    assert child.returncode is not None
    assert b"Traceback" not in complaints, complaints.decode()
    return child.returncode, output.decode(), complaints.decode()


async def recorded(services: Services, prefix: str) -> list[str]:
    """The titles in the log that begin so, in order of acceptance."""
    found = [
        decode(item.key, item.value, item.headers)
        for item in await read_log(services.bootstrap_servers, services.topic)
    ]
    titles = [(item.accepted_at, item.event_json["title"]) for item in found if item.event]
    return [title for _, title in sorted(titles) if title.startswith(prefix)]


def ndjson(*events: Any) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


async def test_lines_of_a_file_are_recorded(ingest: Service, services: Services, tmp_path: Path) -> None:
    file = tmp_path / "some events.ndjson"
    file.write_bytes(ndjson(an_event("file 1"), an_event("file 2"), an_event("file 3")).rstrip())
    assert await post(str(file), url=ingest.url) == (0, "recorded 3, refused 0\n", "")
    assert await recorded(services, "file") == ["file 1", "file 2", "file 3"]
    assert await post(str(file), "--url", f"{ingest.url}/", url="http://127.0.0.1:1") == (
        0,
        "recorded 3, refused 0\n",
        "",
    )


async def test_an_object_and_an_array_over_several_lines_are_recorded(
    ingest: Service, services: Services, tmp_path: Path
) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(an_event("pretty é\u2028 1"), indent=4, ensure_ascii=False).replace("\n", "\r\n"))
    # U+2028 is no line end in NDJSON, and no part of a title either.
    status, output, complaints = await post(str(file), url=ingest.url)
    assert (status, output) == (1, "recorded 0, refused 1\n")
    assert "U+2028" in complaints
    file.write_text(json.dumps(an_event("pretty é 1"), indent=4, ensure_ascii=False).replace("\n", "\r\n"))
    assert (await post(str(file), url=ingest.url))[:2] == (0, "recorded 1, refused 0\n")
    events = [an_event(f"pretty é {number}") for number in range(2, 1_500)]
    file.write_text(json.dumps(events, indent=1, ensure_ascii=False))
    assert (await post(str(file), url=ingest.url))[:2] == (0, "recorded 1498, refused 0\n")
    assert await recorded(services, "pretty") == [f"pretty é {number}" for number in range(1, 1_500)]


async def test_standard_input_is_read_and_refusals_are_named_by_line(ingest: Service, services: Services) -> None:
    body = (
        ndjson(an_event("stdin 1"))
        + b"\r\n{\n"
        + ndjson(an_event("stdin 4", countries=["Indai", "CN"]), an_event("stdin 5"))
    )
    status, output, complaints = await post("-", url=ingest.url, stdin=body)
    assert (status, output) == (1, "recorded 2, refused 2\n")
    first, second = complaints.splitlines()
    assert first.startswith("line 3: ")
    assert "not JSON" in first
    assert second.startswith("line 4: ")
    assert "/countries/0" in second
    assert "India" in second
    assert await recorded(services, "stdin") == ["stdin 1", "stdin 5"]


async def test_what_is_wrong_in_an_array_is_named_by_item(ingest: Service) -> None:
    body = json.dumps([an_event("item"), {"title": "no more"}], indent=2).encode()
    status, output, complaints = await post("-", url=ingest.url, stdin=body)
    assert (status, output) == (1, "recorded 1, refused 1\n")
    assert complaints.startswith("item 2: ")
    status, output, complaints = await post("-", url=ingest.url, stdin=body.rstrip()[:-1])
    assert (status, output) == (1, "recorded 1, refused 2\n")
    assert "item 3: " in complaints


async def test_json_is_what_the_service_said(ingest: Service) -> None:
    status, output, complaints = await post("-", "--json", url=ingest.url, stdin=ndjson({}, an_event("json")))
    assert (status, complaints) == (1, "")
    refused, summary = map(json.loads, output.splitlines())
    assert (refused["line"], refused["status"], refused["problem"]["type"]) == (1, 422, "/problems/invalid-event")
    assert (summary["recorded"], summary["refused"], summary["unknown"]) == (1, 1, 0)


async def test_many_refusals_are_not_all_listed(ingest: Service) -> None:
    status, output, complaints = await post("-", url=ingest.url, stdin=b"1\n" * 200)
    assert (status, output) == (1, "recorded 0, refused 200\n")
    assert len(complaints.splitlines()) == 51
    assert "--refused" in complaints.splitlines()[-1]


@pytest.mark.parametrize("body", [b"", b"\n \n", b"[]"])
async def test_nothing_to_post_is_done(ingest: Service, body: bytes) -> None:
    assert await post("-", url=ingest.url, stdin=body) == (0, "recorded 0, refused 0\n", "")


async def test_csv_is_told_to_be_csv_once(ingest: Service, tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text("day,guest,host\n" + "2014-09-17,China,India\n" * 20_000)
    status, output, complaints = await post(str(file), url=ingest.url)
    assert (status, output) == (1, "")
    assert complaints.startswith("this is CSV (day, guest, host), not JSON: import it with `ingest import csv FILE")
    assert len(complaints.splitlines()) == 1


async def test_nesting_without_end_is_refused_by_the_service(ingest: Service) -> None:
    status, output, complaints = await post("-", url=ingest.url, stdin=b'{"attributes":' + b"[" * 200_000)
    assert (status, output) == (1, "recorded 0, refused 1\n")
    assert complaints.startswith("line 1: ")


async def test_wrong_usage_is_2(tmp_path: Path) -> None:
    for words in (
        (),
        ("--no-such-option", "-"),
        (str(tmp_path / "no such file"),),
        (str(tmp_path),),
        ("-", "--url", "ftp://x"),
    ):
        status, output, complaints = await post(*words, stdin=b"{}")
        assert (status, output) == (2, ""), (words, complaints)
        assert complaints


async def test_out_of_reach_is_3(services: Services) -> None:
    status, output, complaints = await post("-", url=f"http://127.0.0.1:{free_port()}", stdin=b"{}")
    assert (status, output) == (3, "")
    assert "out of reach" in complaints


async def test_a_service_without_its_log_is_3_and_says_so(services: Services) -> None:
    port = str(free_port())
    environment = services.environment(INGEST_PORT=port, KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    command = [sys.executable, "-m", "ingest_service.cli", "serve"]
    service = Service(Process("away", command, services.state_dir, environment=environment), f"http://127.0.0.1:{port}")
    service.start()
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            await wait_until(lambda: client.get(f"{service.url}/healthz"), ignore=(httpx.HTTPError,))
        status, output, complaints = await post("-", url=service.url, stdin=ndjson(an_event(), {}))
    finally:
        await service.terminate()
    assert (status, output) == (3, "")
    assert "recorded 0, refused 1, unknown 1" in complaints
    assert "post the same again, nothing is recorded twice" in complaints


async def test_a_service_that_dies_under_a_post_is_3(services: Services) -> None:
    service = await services.ingest("dying")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ingest_service.cli", "post", "-", "--no-wait", "--url", service.url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None
    # More than bodies hold that are full: the last one is under way until the input ends.
    child.stdin.write(ndjson(*(an_event(f"dying {number}") for number in range(32_000))))
    await child.stdin.drain()
    await wait_until(lambda: _recorded_some(services))
    await service.kill()
    child.stdin.close()
    output, complaints = await child.communicate()
    assert (child.returncode, output) == (3, b"")
    assert b"post the same again" in complaints
    assert b"Traceback" not in complaints


async def _recorded_some(services: Services) -> bool:
    return bool(await recorded(services, "dying"))


async def test_another_service_is_refused(services: Services, ingest: Service) -> None:
    status, output, complaints = await post("-", url=f"{ingest.url}/elsewhere", stdin=ndjson(an_event()) * 50_000)
    assert (status, output) == (1, "")
    assert "nothing at this address" in complaints
