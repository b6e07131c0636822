"""The whole stack with TLS and users to both engines, HTTPS and signed records, by settings alone; secrets stay so."""

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
from tests.support.running.guarded_engines import PASSWORD, guarded_kafka, guarded_postgres
from tests.support.running.ingesting import an_event
from tests.support.running.session_folder import ROOT
from tests.support.running.stacks import Stack, new_stack
from tests.support.waiting import wait_until

from ingest_service.domain.signing import RecordSigner, new_private_key

WAYS = ("WHOTLS", "SCRAM-SHA-512")


def files_of(folder: Path) -> Iterator[Path]:
    """What a stack has written: logs, records, pids."""
    for name in ("logs", "run"):
        yield from (file for file in (folder / name).iterdir() if file.is_file())


def told_by(stack: Stack, secrets: tuple[str, ...]) -> list[str]:
    """Where a secret can be read: in a file of the stack, or in the list of processes."""
    places = [f"{file}" for file in files_of(stack.state_dir) if holds(file.read_text(errors="replace"), secrets)]
    for process in psutil.process_iter(["cmdline"]):
        if holds(" ".join(process.info["cmdline"] or ()), secrets):
            places.append(f"{process.pid} {process.info['cmdline'][:3]}")
    return places


def holds(text: str, secrets: tuple[str, ...]) -> bool:
    return any(secret in text for secret in secrets)


def command(stack: Stack, module: str, *words: str, text: str = "", status: int = 0) -> str:
    """What a command of the product prints, with the stack's settings."""
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        env=stack.environment | {"INGEST_URL": stack.ingest_url, "TIMELINE_URL": stack.timeline_url},
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


async def test_the_whole_stack_runs_guarded_by_settings_alone(tmp_path: Path) -> None:
    async with guarded_kafka() as kafka, guarded_postgres() as postgres:
        shown = kafka.authority.issue("services")
        pem = new_private_key()
        contents = {
            "KAFKA_PASSWORD_FILE": PASSWORD,
            "DATABASE_URL_FILE": postgres.url(),
            "INGEST_SIGNING_KEY_FILE": pem,
            "TIMELINE_TRUSTED_KEYS_FILE": f'{{"key": "{RecordSigner(pem).public_key}"}}',
        }
        for name, content in contents.items():
            (tmp_path / name).write_text(f"{content}\n")
        told = kafka.variables(*WAYS) | {name: str(tmp_path / name) for name in contents}
        del told["KAFKA_PASSWORD"]
        for prefix in ("INGEST", "TIMELINE"):
            told |= {f"{prefix}_TLS_CERTIFICATE": str(shown.certificate), f"{prefix}_TLS_KEY": str(shown.key)}
        told |= {"SSL_CERT_FILE": str(kafka.authority.file), "SAMPLES": "1", "RESTART_SECONDS": "0.05"}
        with new_stack(**told) as stack:
            output = await stack.up()
            assert "sample events" in output, output
            assert "https://127.0.0.1" in output
            secrets = (PASSWORD, pem.splitlines()[1])
            output += await use(stack, shown_to=str(kafka.authority.file), export=tmp_path / "log.ndjson")
            assert not holds(output, secrets)
            assert told_by(stack, secrets) == []
            assert (tmp_path / "log.ndjson").exists()
            status, output = await stack.run("down")
            assert status == 0, output
            assert not holds(output, secrets)
            assert told_by(stack, secrets) == []


async def use(stack: Stack, shown_to: str, export: Path) -> str:
    """Post, read, verify, rebuild, export and replay; kill a process, which comes back; returns what was printed."""
    ingest_url, timeline_url = stack.ingest_url, stack.timeline_url
    context = ssl.create_default_context(cafile=shown_to)
    async with httpx.AsyncClient(timeout=60, trust_env=False, verify=context) as client:
        posted = await client.post(f"{ingest_url}/v1/events", json=an_event("posted over TLS"))
        assert posted.status_code == 201, posted.text
        read = await client.get(
            f"{timeline_url}/v1/timelines/IN-CN?q=posted", headers={"timeline-position": posted.json()["position"]}
        )
        assert [item["title"] for item in read.json()["items"]] == ["posted over TLS"]
        before = stack.pids()["ingest"]
        psutil.Process(before).kill()

        async def is_back() -> bool:
            answer = await client.get(f"{ingest_url}/readyz")
            return stack.pids().get("ingest") not in {None, before} and answer.status_code == 200

        await wait_until(is_back, 60, ignore=(httpx.HTTPError,))
        assert (await client.post(f"{ingest_url}/v1/events", json=an_event("again"))).status_code == 201
        timeline = "timeline_service.cli"
        said = [await asyncio.to_thread(command, stack, timeline, "replay", "--json")]
        assert json.loads(said[-1])["result"]["equal"]
        said.append(await asyncio.to_thread(command, stack, timeline, "replay", "--rebuild", "--json"))
        assert json.loads(said[-1])["result"]["equal"]
        assert json.loads(said[-1])["result"]["generation"] == 2
        said.append(await asyncio.to_thread(command, stack, timeline, "export", "--output", str(export)))
        status, words = await stack.run("status")
        assert status == 0, words
        assert "309 applied" in words
        return "".join([*said, words])
