"""HTTPS on both services: what they show, how it is renewed under them, and with what they do not start."""

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from tests.integration.test_page_writing import FILLED
from tests.support.inputs.log_writing import open_log, recording
from tests.support.running.certificates import Authority, Certificate
from tests.support.running.free_ports import free_port
from tests.support.running.ingesting import an_event
from tests.support.running.processes import Service, Services
from tests.support.waiting import wait_until

from service_edge.healthy import why_not_ready


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def told(prefix: str, shown: Certificate) -> dict[str, str]:
    return {f"{prefix}_TLS_CERTIFICATE": str(shown.certificate), f"{prefix}_TLS_KEY": str(shown.key)}


def trusting(authority: Authority) -> httpx.AsyncClient:
    context = ssl.create_default_context(cafile=str(authority.file))
    return httpx.AsyncClient(timeout=30, trust_env=False, verify=context)


def shown_by(service: Service) -> int:
    """The serial number of the certificate that a service shows to whoever connects now."""
    port = int(service.url.rpartition(":")[2])
    return x509.load_pem_x509_certificate(ssl.get_server_certificate(("127.0.0.1", port)).encode()).serial_number


async def test_both_services_answer_over_https_and_find_each_other(services: Services, authority: Authority) -> None:
    services.migrate()
    shown = authority.issue("shown")
    trusted = {"SSL_CERT_FILE": str(authority.file)}
    ingest = await services.ingest(**told("INGEST", shown))
    await services.projector()
    timeline = await services.timeline(**told("TIMELINE", shown), **trusted, INGEST_URL=ingest.url)
    async with trusting(authority) as client:
        posted = await client.post(f"{ingest.url}/v1/events", json=an_event())
        assert posted.status_code == 201, posted.text
        position = {"timeline-position": posted.json()["position"]}
        read = await client.get(f"{timeline.url}/v1/timelines/IN-CN", headers=position)
        assert [item["title"] for item in read.json()["items"]] == ["a ban"]
        written = await client.post(f"{timeline.url}/post", data=FILLED | {"step": "record"})
        assert written.status_code == 303, written.text  # the page has reached ingest, over HTTPS
        with pytest.raises(httpx.HTTPError):
            await client.get(f"{timeline.url.replace('https', 'http')}/healthz")
    await asyncio.to_thread(the_commands_trust_whom_they_are_told, authority, ingest.url, timeline.url)


def the_commands_trust_whom_they_are_told(authority: Authority, ingest_url: str, timeline_url: str) -> None:
    show = [sys.executable, "-m", "timeline_service.cli", "show", "IN", "CN", "--url", timeline_url]
    environment = {**os.environ, "SSL_CERT_FILE": str(authority.file)}
    done = subprocess.run(show, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert "a ban" in done.stdout, done.stderr
    post = [sys.executable, "-m", "ingest_service.cli", "post", "-", "--url", ingest_url]
    post += ["--timeline-url", timeline_url]
    line = '{"title": "at a terminal", "when": "2021", "countries": ["IN", "CN"], "type": "ban"}'
    done = subprocess.run(post, env=environment, input=line, capture_output=True, text=True, check=False, timeout=60)
    assert "recorded 1" in done.stdout, done.stdout + done.stderr
    done = subprocess.run(show, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr


async def test_a_certificate_is_renewed_without_dropping_a_connection(services: Services, authority: Authority) -> None:
    services.migrate()
    await services.projector()
    timeline = await services.timeline(**told("TIMELINE", authority.issue("shown")))
    before = shown_by(timeline)
    async with trusting(authority) as client, open_log(services.bootstrap_servers, services.topic) as log:
        async with client.stream("GET", f"{timeline.url}/v1/live") as live:
            lines = live.aiter_lines()
            authority.issue("shown")
            timeline.signal(signal.SIGHUP)
            await wait_until(lambda: shown_by(timeline) != before)
            await log.append(recording("over the connection of before"))
            assert any(["over the connection of before" in line async for line in _until_said(lines)])
        now = shown_by(timeline)
        authority.issue("shown", expired=True)
        timeline.signal(signal.SIGHUP)
        await wait_until(lambda: "has expired on" in timeline.log)
        assert shown_by(timeline) == now
        assert (await client.get(f"{timeline.url}/healthz")).status_code == 200
        (authority.file.parent / "shown.key").write_text("")
        timeline.signal(signal.SIGHUP)
        await wait_until(lambda: "the certificate stays as it was" in timeline.log)
        assert (await client.get(f"{timeline.url}/healthz")).status_code == 200
        assert await asyncio.to_thread(why_not_ready, urlsplit(timeline.url).port or 0) == ""


async def _until_said(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if "over the connection of before" in line:
            return


def _wrong(authority: Authority) -> Iterator[tuple[dict[str, str], str]]:
    good, other = authority.issue("good"), authority.issue("other")
    old = authority.issue("old", expired=True)
    yield {"INGEST_TLS_KEY": str(good.key)}, "INGEST_TLS_CERTIFICATE and INGEST_TLS_KEY go together"
    yield told("INGEST", old), f"INGEST_TLS_CERTIFICATE={old.certificate} has expired on "
    mixed = told("INGEST", good) | {"INGEST_TLS_KEY": str(other.key)}
    yield mixed, f"INGEST_TLS_KEY={other.key} is not the key of INGEST_TLS_CERTIFICATE={good.certificate}"
    yield told("INGEST", good) | {"INGEST_TLS_CERTIFICATE": "/no/such"}, "/no/such cannot be read (No such file"


def test_a_certificate_that_cannot_be_is_wrong_usage_and_named(authority: Authority) -> None:
    command = [sys.executable, "-m", "ingest_service.cli", "serve"]
    for variables, words in _wrong(authority):
        environment = {**os.environ, **variables, "INGEST_PORT": str(free_port())}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 2
        assert words in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
