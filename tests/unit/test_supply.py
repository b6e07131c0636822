"""What an organisation asks for first: the licence, a list of all parts, and no known vulnerability among them."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tests.support.running.session_folder import ROOT

MEMBERS = ("schemas", "schemas/service-edge", "ingest-service", "timeline-service", "deploy/local")
SCRIPTS = ROOT / "deploy" / "requirements"


@pytest.mark.parametrize("member", MEMBERS)
def test_each_distribution_names_the_licence(member: str) -> None:
    assert tomllib.loads((ROOT / member / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()


def test_the_list_of_parts_is_whole_valid_and_the_same_each_time(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.json", "two.json")]
    for file in files:
        subprocess.run([sys.executable, str(SCRIPTS / "sbom.py"), str(file)], check=True, capture_output=True)
    text = files[0].read_text()
    assert text == files[1].read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = {part["name"]: part for part in json.loads(text)["components"]}
    pinned = [line.partition("==")[0] for line in (SCRIPTS / "runtime.txt").read_text().splitlines() if "==" in line]
    assert set(pinned) <= parts.keys()
    assert {"d3-scale", "d3-zoom", "dyadline-ingest-service"} <= parts.keys()
    assert {"pytest", "esbuild"}.isdisjoint(parts)
    assert all(
        part.get("hashes") or part["name"].startswith("dyadline") or part["externalReferences"]
        for part in parts.values()
    )


class _Service(BaseHTTPRequestHandler):
    """Answers as OSV does: of one package it knows something."""

    vulnerable = ""

    def do_POST(self) -> None:
        asked: Any = json.loads(self.rfile.read(int(self.headers["content-length"])))
        known = [{"id": "OSV-2026-1", "summary": "bad", "affected": []}]
        body = json.dumps({"vulns": known} if asked["package"]["name"] == self.vulnerable else {}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests are quiet."""


@contextmanager
def service(vulnerable: str = "") -> Iterator[str]:
    handler = type("Service", (_Service,), {"vulnerable": vulnerable})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def audit(url: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "OSV_URL": url, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    command = [sys.executable, str(SCRIPTS / "audit.py")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_a_known_vulnerability_fails_and_is_named() -> None:
    with service("aiokafka") as url:
        done = audit(url)
    assert done.returncode == 1, done.stderr
    assert "aiokafka 0.14.0 is vulnerable: OSV-2026-1" in done.stdout


def test_without_any_it_passes_and_says_nothing() -> None:
    with service() as url:
        done = audit(url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_where_nobody_can_be_asked_it_says_so_and_passes() -> None:
    done = audit("http://127.0.0.1:1/v1/query")
    assert done.returncode == 0
    assert "vulnerabilities were not asked for" in done.stderr
