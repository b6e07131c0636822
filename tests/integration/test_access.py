"""Two people, a program and their tokens, on real services: who may, who it was, and what nobody is told."""

import asyncio
import json
import os
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.support.running.doors import HTML, Doors, guarded_doors
from tests.support.running.engines import Engines
from tests.support.running.free_ports import free_port
from tests.support.running.ingesting import an_event
from tests.support.running.timeline_stacks import timeline_stack
from tests.support.running.token_files import bearing, write_tokens
from tests.support.waiting import wait_until

from event_schemas.events import id_from_key
from service_edge.access.gate import WRONG_PER_MINUTE
from service_edge.access.roles import Role
from service_edge.access.tokens import make_token


@pytest.fixture(scope="module")
async def doors(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    async with guarded_doors(engines, tmp_path_factory.mktemp("doors")) as doors:
        yield doors


async def test_each_is_seen_by_name_in_the_history_and_in_the_log(doors: Doors) -> None:
    posted = await doors.post("ada", title="by two")
    path = f"/v1/events/{posted['id']}"
    correction = {"reason": "a slip", "event": an_event("by two people")}
    answer = await doors.ingest.post(f"{path}/corrections", json=correction, headers=doors.as_("bob@example.org"))
    assert answer.status_code == 202
    history = await doors.get(f"{path}/revisions", "ada", answer.json()["position"])
    assert [item["principal"] for item in history["items"]] == ["ada", "bob@example.org"]
    listed = await doors.get("/v1/records?outcome=applied&principal=bob@example.org", "ada")
    assert [item["position"] for item in listed["items"]] == [answer.json()["position"]]
    partition, offset = map(int, posted["position"].split(":"))
    query = f"partition={partition}&from={offset}&to={offset + 1}"
    export = await doors.timeline.get(f"/v1/log/export?{query}", headers=doors.as_("eve"))
    record = json.loads(b64decode(json.loads(export.text.splitlines()[1])["value"]))
    assert record["source"] == "urn:dyadline:ada"


async def test_a_key_means_an_event_of_its_principal(doors: Doors) -> None:
    for name in ("ada", "feed"):
        headers = doors.as_(name) | {"idempotency-key": "the same key"}
        answer = await doors.ingest.post("/v1/events", json=an_event(f"by {name}"), headers=headers)
        assert answer.json()["id"] == id_from_key(name, "the same key")


async def test_lines_are_of_who_posts_them(doors: Doors) -> None:
    body = b"".join(json.dumps(an_event(f"line {number}")).encode() + b"\n" for number in range(3))
    headers = doors.as_("feed") | {"content-type": "application/x-ndjson"}
    answer = await doors.ingest.post("/v1/events?results=all", content=body, headers=headers)
    *lines, summary = map(json.loads, answer.text.splitlines())
    history = await doors.get(f"/v1/events/{lines[0]['id']}/revisions", "ada", summary["timeline_position"])
    assert history["items"][0]["principal"] == "feed"


@pytest.mark.parametrize("service", ["ingest", "timeline"])
async def test_every_wrong_credential_is_refused_and_not_told_which_kind_it_is(doors: Doors, service: str) -> None:
    client: httpx.AsyncClient = getattr(doors, service)
    told = set()
    for token in (doors.tokens["late"], make_token(), "a.b.c", "secret"):
        answer = await client.get("/v1/types", headers=bearing(token))
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="dyadline", error="invalid_token"'
        told.add(answer.text)
    assert len(told) == 1
    for headers, words in (
        ([("authorization", f"Bearer {doors.tokens['ada'][:-3]}")], "copy all of it, once"),
        ([("authorization", f"Bearer {doors.tokens['ada']}")] * 2, "give it once"),
        ([("authorization", "Basic YTpi")], "send Authorization: Bearer TOKEN"),
    ):
        answer = await client.get("/v1/types", headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")
        assert words in answer.json()["detail"]
    page = await client.get("/problems/unauthenticated")
    assert (page.status_code, "ingest token NAME" in page.text) == (200, True)


@pytest.mark.parametrize("service", ["ingest", "timeline"])
async def test_a_credential_in_an_address_is_refused_and_kept_nowhere(doors: Doors, service: str) -> None:
    client: httpx.AsyncClient = getattr(doors, service)
    token = doors.tokens["ada"]
    for query in (f"access_token={token}", f"token={token}", f"q={token}"):
        for headers in ({}, HTML, doors.as_("ada")):
            answer = await client.get(f"/v1/types?{query}", headers=headers)
            assert answer.status_code == 400
            assert "Authorization: Bearer" in answer.text
            assert token not in answer.text
    assert token not in doors.logs()


async def test_a_verification_is_the_auditors_and_a_rebuild_the_operators(doors: Doors) -> None:
    for name, kind, status in (
        ("eve", "rebuild", 403), ("oscar", "verify", 403), ("ada", "verify", 403), ("eve", "verify", 202),
        ("oscar", "rebuild", 202),
    ):  # fmt: skip
        answer = await doors.timeline.post("/v1/replays", json={"kind": kind}, headers=doors.as_(name))
        assert answer.status_code == status, (name, kind, answer.text)
        if status == 403:
            missing = {"eve": ["operate"], "oscar": ["audit"], "ada": ["audit", "operate"]}[name]
            assert answer.json()["missing"] == missing
        else:
            path = answer.headers["location"]
            assert (await doors.timeline.delete(path, headers=doors.as_("eve"))).status_code == 403
            assert (await doors.timeline.delete(path, headers=doors.as_("oscar"))).status_code == 202


async def test_a_stream_ends_when_the_credential_of_its_listener_does(engines: Engines, tmp_path: Path) -> None:
    file = tmp_path / "tokens.jsonl"
    token = write_tokens(file, {"ada": [Role.READ]})["ada"]
    async with (
        timeline_stack(engines, TIMELINE_TOKENS_FILE=str(file), TIMELINE_HEARTBEAT_SECONDS="0.2") as stack,
        stack.client.stream("GET", "/v1/live", headers=bearing(token)) as listening,
    ):
        assert listening.status_code == 200
        pieces = listening.aiter_bytes()
        assert b"retry" in await anext(pieces)
        write_tokens(file, {"bob": [Role.READ]})
        async with asyncio.timeout(20):
            async for piece in pieces:  # signs of life until then
                assert piece


async def test_metrics_are_the_operators_and_probes_everybodys(doors: Doors) -> None:
    for client in (doors.ingest, doors.timeline):
        for path in ("/healthz", "/readyz", "/problems"):
            assert (await client.get(path, headers=bearing("wrong"))).status_code == 200
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/metrics", headers=doors.as_("ada"))).status_code == 403
        assert (await client.get("/metrics", headers=doors.as_("oscar"))).status_code == 200


async def test_logs_name_principals_and_no_tokens(doors: Doors) -> None:
    await doors.sign_in(doors.tokens["bob@example.org"])
    doors.timeline.cookies.clear()
    await doors.timeline.get("/v1/types", headers=bearing(doors.tokens["late"]))
    logs = doors.logs()
    assert 'event="signed in" principal=bob@example.org' in logs
    assert "that of late has expired" in logs
    assert all(token not in logs for token in doors.tokens.values())


async def test_each_line_of_a_write_names_its_principal(doors: Doors) -> None:
    for name, status in (("ada", 201), ("eve", 403), ("", 401)):
        headers = (doors.as_(name) if name else {}) | {"x-request-id": f"of-{name}"}
        answer = await doors.ingest.post("/v1/events", json=an_event("logged"), headers=headers)
        assert answer.status_code == status
        (line,) = (line for line in doors.logs().splitlines() if f"request_id=of-{name} " in f"{line} ")
        told = {part.partition("=")[0]: part.partition("=")[2] for part in line.split(" ")}
        assert told["event"] == "answered"
        assert (told["principal"], told["status"]) == (name or "anonymous", str(status))
        assert told.get("position") == answer.headers.get("timeline-position")


async def test_commands_take_the_token_of_their_variable(doors: Doors) -> None:
    def run(*words: str, text: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("INGEST_", "TIMELINE_"))}
        urls = {"INGEST_URL": str(doors.ingest.base_url), "TIMELINE_URL": str(doors.timeline.base_url)}
        module = "ingest_service.cli" if words[0] in {"post", "retract"} else "timeline_service.cli"
        command = [sys.executable, "-m", module, *words]
        return subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=60, env=bare | urls | environment, check=False
        )

    event = json.dumps(an_event("from a terminal"))
    nobody = await asyncio.to_thread(run, "post", "-", text=event)
    assert (nobody.returncode, "there is no credential" in nobody.stderr) == (1, True)
    posted = await asyncio.to_thread(run, "post", "-", "--no-wait", text=event, INGEST_TOKEN=doors.tokens["feed"])
    assert (posted.returncode, posted.stdout) == (0, "recorded 1, refused 0\n")
    shown = await asyncio.to_thread(run, "status", TIMELINE_TOKEN=doors.tokens["feed"])
    assert (shown.returncode, "does not have the role read" in shown.stderr) == (1, True)
    shown = await asyncio.to_thread(run, "status", "--json", TIMELINE_TOKEN=doors.tokens["ada"])
    assert (shown.returncode, json.loads(shown.stdout)["generation"]) == (0, 1)


async def test_many_wrong_tokens_are_not_looked_at_and_a_right_one_still_is(engines: Engines, tmp_path: Path) -> None:
    file = tmp_path / "tokens.jsonl"
    token = write_tokens(file, {"ada": [Role.WRITE]})["ada"]
    async with timeline_stack(engines) as stack:
        ingest = await stack.services.ingest(INGEST_TOKENS_FILE=str(file))
        async with httpx.AsyncClient(base_url=ingest.url, timeout=30, trust_env=False) as client:
            began = time.monotonic()
            answers = [await client.get("/v1/types", headers=bearing(make_token())) for _ in range(1_000)]
            statuses = [answer.status_code for answer in answers]
            looked_at = WRONG_PER_MINUTE + (time.monotonic() - began) * WRONG_PER_MINUTE / 60 + 1
            assert statuses[:WRONG_PER_MINUTE] == [401] * WRONG_PER_MINUTE
            assert statuses.count(401) <= looked_at
            assert set(statuses) == {401, 429}
            answers = [answer for answer in answers if answer.status_code == 429]
            assert int(answers[-1].headers["retry-after"]) >= 1
            assert answers[-1].json()["type"] == "/problems/too-many"
            assert (await client.get("/v1/types", headers=bearing(token))).status_code == 200
            assert ingest.log.count("a credential is refused") <= looked_at
            await _withdrawn(client, file, token)


async def _withdrawn(client: httpx.AsyncClient, file: Path, token: str) -> None:
    """A token that leaves its file is not taken any more, and one that comes in is."""
    other = write_tokens(file, {"bob": [Role.WRITE]})["bob"]

    async def is_gone() -> bool:
        return (await client.get("/v1/types", headers=bearing(token))).status_code in {401, 429}

    await wait_until(is_gone)
    assert (await client.get("/v1/types", headers=bearing(other))).status_code == 200


@pytest.mark.parametrize(("module", "prefix"), [("ingest_service.cli", "INGEST"), ("timeline_service.cli", "TIMELINE")])
def test_a_service_that_others_could_reach_asks_who_they_are(module: str, prefix: str, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()

    def serve(**settings: str) -> "subprocess.CompletedProcess[str]":
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("INGEST_", "TIMELINE_"))}
        more = {f"{prefix}_{name}": value for name, value in settings.items()} | {f"{prefix}_PORT": str(free_port())}
        return subprocess.run(
            [sys.executable, "-m", module, "serve"], capture_output=True, text=True, timeout=60, env=bare | more,
            check=False,
        )  # fmt: skip

    for settings, words in (
        ({"HOST": "0.0.0.0"}, "set TOKENS_FILE or OIDC_ISSUER"),
        ({"TOKENS_FILE": str(tmp_path / "no.jsonl")}, "no.jsonl cannot be read: No such file"),
        ({"TOKENS_FILE": str(tmp_path / "empty.jsonl")}, "empty.jsonl cannot be taken: it holds no token"),
        ({"OIDC_ISSUER": "https://issuer.example"}, f"{prefix}_OIDC_AUDIENCE"),
        ({"OIDC_ISSUER": "http://issuer.example", "OIDC_AUDIENCE": "a"}, "needs https"),
        ({"REQUESTS_PER_MINUTE": "0"}, f"{prefix}_REQUESTS_PER_MINUTE=0"),
    ):
        ended = serve(**settings)
        assert (ended.returncode, words in ended.stderr) == (2, True), (settings, ended.stderr)
