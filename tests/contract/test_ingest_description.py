"""The ingest service, held against its own description."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.clients.fuzzing import fuzz
from tests.support.running.ingesting import ingest_client
from tests.support.running.processes import Services

from event_schemas.json_text import read_json
from ingest_service.app import create_app
from ingest_service.settings import Settings

DESCRIBED = create_app(Settings()).openapi()["paths"]
POSTS = {path: item["post"] for path, item in DESCRIBED.items() if "post" in item}
#: What is posted under the name of an example, and the example of the answer to it.
ANSWERS = {
    ("/v1/events", "application/json", "one", ""): (201, "one_recorded"),
    ("/v1/events", "application/json", "one", "?validate=only"): (200, "one_checked"),
    ("/v1/events", "application/json", "many", ""): (207, "some_refused"),
    ("/v1/events", "application/json", "many", "?validate=only"): (200, "many_checked"),
    ("/v1/events", "application/x-ndjson", "lines", ""): (200, "lines"),
    ("/v1/changes", "application/x-ndjson", "lines", ""): (200, "lines"),
}
VARYING = {"position", "timeline_position", "accepted_at", "recorded_at"}


@pytest.mark.timeout(300)
async def test_the_service_is_as_it_describes_itself(services: Services) -> None:
    ingest = await services.ingest()
    await fuzz(ingest.url, Path(__file__).with_name("ingest.toml"))


@pytest.mark.parametrize(
    ("path", "media_type", "name"),
    [
        (path, media_type, name)
        for path, operation in POSTS.items()
        for media_type, content in operation["requestBody"]["content"].items()
        for name in content["examples"]
    ],
)
async def test_an_example_is_taken_as_it_stands(kafka: str, topic: str, path: str, media_type: str, name: str) -> None:
    async with ingest_client(kafka, topic) as client:
        answer = await post_example(client, path, media_type, name)
    assert str(answer.status_code) in POSTS[path]["responses"]
    assert answer.is_success


@pytest.mark.parametrize(("path", "media_type", "name", "query"), ANSWERS)
async def test_an_example_is_answered_as_the_example_of_the_answer(
    kafka: str, topic: str, path: str, media_type: str, name: str, query: str
) -> None:
    status, answer_name = ANSWERS[path, media_type, name, query]
    async with ingest_client(kafka, topic) as client:
        answer = await post_example(client, path, media_type, name, query)
    assert answer.status_code == status
    described = POSTS[path]["responses"][str(status)]["content"]
    expected = described[answer.headers["content-type"]]["examples"][answer_name]["value"]
    if isinstance(expected, str):
        assert [steady(read_json(line.encode())) for line in answer.text.splitlines()] == [
            steady(read_json(line.encode())) for line in expected.splitlines()
        ]
    else:
        assert steady(answer.json()) == steady(expected)


async def post_example(
    client: httpx.AsyncClient, path: str, media_type: str, name: str, query: str = ""
) -> httpx.Response:
    """Post an example of a request under its media type."""
    value = POSTS[path]["requestBody"]["content"][media_type]["examples"][name]["value"]
    address = path.replace("{event_id}", "80d5d10a-b3b5-59dc-825b-830d249e8c6a") + query
    sent: dict[str, Any] = {"content": value} if isinstance(value, str) else {"json": value}
    return await client.post(address, headers={"content-type": media_type}, **sent)


def steady(value: Any) -> Any:
    """An answer without what is another one each time; that it is there counts."""
    if isinstance(value, list):
        return [steady(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: "…" if name in VARYING else steady(item) for name, item in value.items()}
