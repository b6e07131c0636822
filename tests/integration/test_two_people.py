"""Two people with tokens of their own, at another address of the machine: a network namespace of its own."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.running.certificates import Authority
from tests.support.running.ingesting import an_event
from tests.support.running.processes import Services
from tests.support.running.token_files import write_tokens

from service_edge.access.roles import Role

#: What is run there: it asks once, and prints the status and the body.
_ASK = """
import json, ssl, sys, urllib.error, urllib.request
authority, method, url, token, wait, body = sys.argv[1:]
headers = {"content-type": "application/json"}
headers |= {"authorization": f"Bearer {token}"} if token else {}
headers |= {"timeline-position": wait} if wait else {}
asked = urllib.request.Request(url, body.encode() or None, headers, method=method)
try:
    answer = urllib.request.urlopen(asked, timeout=30, context=ssl.create_default_context(cafile=authority))
except urllib.error.HTTPError as error:
    answer = error
print(json.dumps([answer.status, json.loads(answer.read())]))
"""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another host, as far as the services can tell; `here` is how it calls ours."""

    name: str
    here: str
    authority: Path

    def ask(
        self, method: str, url: str, token: str = "", body: Any = None, *, position: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """What a service answers somebody there: the status and the body."""
        sent = json.dumps(body) if body is not None else ""
        url = url.replace("127.0.0.1", self.here)
        words = [sys.executable, "-c", _ASK, str(self.authority), method, url, token, position, sent]
        done = _ip("netns", "exec", self.name, *words)
        assert done.returncode == 0, done.stderr
        status, answer = json.loads(done.stdout)
        return status, answer


def _ip(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("only root makes network namespaces, with ip")
    name, net = f"dyl{secrets.token_hex(4)}", f"10.{secrets.randbelow(56) + 200}.{secrets.randbelow(256)}"
    try:
        for words in (
            f"netns add {name}",
            f"link add {name}a type veth peer name {name}b netns {name}",
            f"addr add {net}.1/30 dev {name}a",
            f"link set {name}a up",
            f"-n {name} addr add {net}.2/30 dev {name}b",
            f"-n {name} link set {name}b up",
        ):
            if (done := _ip(*words.split())).returncode != 0:
                pytest.skip(f"this machine makes no network namespace: {done.stderr.strip()}")
        yield Elsewhere(name, f"{net}.1", tmp_path / "authority.crt")
    finally:
        _ip("link", "delete", f"{name}a")
        _ip("netns", "delete", name)


async def test_two_people_write_and_read_from_another_address_each_by_name(
    services: Services, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    shutil.copy(authority.file, elsewhere.authority)
    shown = authority.issue("shown", ("127.0.0.1", elsewhere.here))
    file = tmp_path / "tokens.jsonl"
    tokens = write_tokens(file, {"ada": [Role.READ, Role.WRITE], "bob": [Role.READ, Role.WRITE]})

    def told(prefix: str) -> dict[str, str]:
        return {
            f"{prefix}_TLS_CERTIFICATE": str(shown.certificate), f"{prefix}_TLS_KEY": str(shown.key),
            f"{prefix}_TOKENS_FILE": str(file), f"{prefix}_HOST": "0.0.0.0",
            f"{prefix}_ALLOWED_HOSTS": elsewhere.here, "SSL_CERT_FILE": str(authority.file),
        }  # fmt: skip

    services.migrate()
    ingest = await services.ingest(**told("INGEST"))
    await services.projector()
    timeline = await services.timeline(**told("TIMELINE"), INGEST_URL=ingest.url)
    events = f"{ingest.url}/v1/events"
    status, posted = elsewhere.ask("POST", events, tokens["ada"], an_event("ada's"))
    assert status == 201
    change = {"reason": "bob knows better", "event": an_event("bob's")}
    address = f"{events}/{posted['id']}/corrections"
    assert elsewhere.ask("POST", address, "", change)[0] == 401
    status, corrected = elsewhere.ask("POST", address, tokens["bob"], change)
    assert status == 202
    history = f"{timeline.url}/v1/events/{posted['id']}/revisions"
    for name in ("ada", "bob"):
        status, told_of = elsewhere.ask("GET", history, tokens[name], position=corrected["position"])
        assert status == 200
        assert [(item["principal"], item["event"]["title"]) for item in told_of["items"]] == [
            ("ada", "ada's"),
            ("bob", "bob's"),
        ]
    assert elsewhere.ask("GET", history)[0] == 401
