"""The ingest service's doors within the test's own process: an issuer's JWTs, and rates."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from tests.support.running.free_ports import free_port
from tests.support.running.ingesting import NDJSON, an_event, ingest_client
from tests.support.running.oidc_issuers import AUDIENCE, oidc_issuer
from tests.support.running.token_files import bearing, write_tokens
from tests.support.waiting import wait_until

from event_schemas.events import id_from_key
from service_edge.access.roles import Role


def lines(count: int, word: str = "line") -> bytes:
    return b"".join(json.dumps(an_event(f"{word} {number}")).encode() + b"\n" for number in range(1, count + 1))


async def test_a_jwt_of_the_issuer_says_who_posts(kafka: str, topic: str) -> None:
    async with oidc_issuer(free_port()) as issuer:
        settings: dict[str, Any] = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE}
        async with ingest_client(kafka, topic, **settings) as client:
            key = {"idempotency-key": "k"}
            answer = await client.post("/v1/events", json=an_event(), headers=bearing(issuer.sign()) | key)
            assert (answer.status_code, answer.json()["id"]) == (201, id_from_key("ada", "k"))
            for token, status in (
                (issuer.sign(roles=["read"]), 403),
                (issuer.sign(roles=[]), 403),
                (issuer.sign(aud="another"), 401),
                (issuer.sign(exp=1), 401),
                (issuer.sign(sub="ada|7"), 401),
            ):
                with capture_logs() as logs:
                    answer = await client.post("/v1/events", json=an_event(), headers=bearing(token))
                assert answer.status_code == status, answer.text
                assert all(token not in str(entry) for entry in logs)
            assert "'sub'" in answer.json()["detail"]


async def test_with_an_issuer_that_is_away_tokens_are_taken_and_new_jwts_cannot_be_judged(
    kafka: str, topic: str, tmp_path: Path
) -> None:
    token = write_tokens(tmp_path / "tokens.jsonl", {"feed": [Role.WRITE]})["feed"]
    port = free_port()
    async with oidc_issuer(port) as issuer:
        jwt = issuer.sign()
    settings: dict[str, Any] = {
        "oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "tokens_file": str(tmp_path / "tokens.jsonl"),
    }  # fmt: skip
    with capture_logs():
        async with ingest_client(kafka, topic, **settings) as client:
            answer = await client.post("/v1/events", json=an_event(), headers=bearing(jwt))
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/issuer-away")
            assert int(answer.headers["retry-after"]) > 0
            assert (await client.post("/v1/events", json=an_event(), headers=bearing(token))).status_code == 201


async def test_requests_are_counted_for_each_principal_and_for_each_address(
    kafka: str, topic: str, tmp_path: Path
) -> None:
    tokens = write_tokens(tmp_path / "tokens.jsonl", {"ada": [Role.READ], "bob": [Role.READ]})
    settings: dict[str, Any] = {"tokens_file": str(tmp_path / "tokens.jsonl"), "requests_per_minute": 5}
    async with ingest_client(kafka, topic, **settings) as client:
        for name in tokens:
            answers = [await client.get("/v1/types", headers=bearing(tokens[name])) for _ in range(6)]
            assert [answer.status_code for answer in answers] == [200] * 5 + [429]
            assert 1 <= int(answers[-1].headers["retry-after"]) <= 12
            problem = answers[-1].json()
            assert problem["type"] == "/problems/too-many"
            assert problem["detail"].startswith(f"5 requests a minute are taken from {name}")
        answers = [await client.get("/v1/types") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert (await client.get("/healthz")).status_code == 200


async def test_without_credentials_requests_are_counted_by_address(kafka: str, topic: str) -> None:
    async with ingest_client(kafka, topic, requests_per_minute=3) as client:
        answers = [await client.get("/v1/types") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200] * 3 + [429]
        assert "one address" in answers[-1].json()["detail"]


@pytest.fixture
async def limited(kafka: str, topic: str) -> AsyncIterator[httpx.AsyncClient]:
    async with ingest_client(kafka, topic, events_per_minute=5) as client:
        yield client


async def test_events_are_counted_one_by_one_and_in_arrays(limited: httpx.AsyncClient) -> None:
    assert (await limited.post("/v1/events", json=[an_event(f"{n}") for n in range(3)])).status_code == 201
    answer = await limited.post("/v1/events", json=[an_event(f"more {n}") for n in range(3)])
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many")
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["detail"].startswith("5 events a minute are taken from one address")
    for _ in range(2):
        answer = await limited.post("/v1/events", json=an_event())
        assert answer.status_code == 201
    event = f"/v1/events/{answer.json()['id']}"
    for path, body in (
        ("/v1/events", an_event()),
        (f"{event}/retractions", {"reason": "r"}),
        (f"{event}/corrections", {"reason": "r", "event": an_event()}),
    ):
        assert (await limited.post(path, json=body)).status_code == 429


async def test_a_stream_is_slowed_down_and_loses_nothing(kafka: str, topic: str) -> None:
    async with ingest_client(kafka, topic, events_per_minute=1_200) as client:
        answer = await client.post("/v1/events", content=lines(1_240), headers=NDJSON)
        summary = json.loads(answer.text.splitlines()[-1])
        assert (summary["recorded"], summary["refused"], summary["unknown"]) == (1_240, 0, 0)
        assert "problem" not in summary


async def test_a_stream_that_is_slowed_down_gives_its_place_up_where_others_wait(
    kafka: str, topic: str, tmp_path: Path
) -> None:
    tokens = write_tokens(tmp_path / "tokens.jsonl", {"ada": [Role.WRITE], "bob": [Role.WRITE]})
    settings: dict[str, Any] = {"tokens_file": str(tmp_path / "tokens.jsonl"), "events_per_minute": 50, "bodies": 1}
    async with ingest_client(kafka, topic, **settings) as client:

        async def post(name: str, count: int) -> list[dict[str, Any]]:
            headers = NDJSON | bearing(tokens[name])
            answer = await client.post("/v1/events?results=all", content=lines(count, name), headers=headers)
            return [json.loads(line) for line in answer.text.splitlines()]

        async def recorded() -> int:
            found = re.search(r'ingest_events_total\{outcome="recorded"\} (\d+)', (await client.get("/metrics")).text)
            return int(found[1]) if found else 0

        before = await recorded()
        slowed = asyncio.create_task(post("ada", 500))
        await wait_until(lambda: _reached(recorded, before + 50))
        other = await post("bob", 3)
        assert (other[-1]["recorded"], "problem" in other[-1]) == (3, False)
        *results, summary = await slowed
        taken = summary["recorded"]
        assert 50 <= taken < 500
        assert summary["unknown"] == 500 - taken
        assert [result["line"] for result in results] == [*range(1, 501)]
        assert [result["status"] for result in results] == [201] * taken + [429] * (500 - taken)
        assert summary["problem"]["type"] == "/problems/too-many"
        assert f"from line {taken + 1} on nothing of this was taken in" in summary["problem"]["detail"]


async def _reached(count: Callable[[], Awaitable[int]], wanted: int) -> bool:
    return await count() >= wanted
