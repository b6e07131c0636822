"""What both services say of themselves: the OpenAPI document, and the pages for people."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31  # the OpenAPI Initiative's own schema

from event_schemas.json_text import read_json
from ingest_service.api.problems import INCOMPLETE, RESULTS_CUT
from ingest_service.api.problems import KINDS as INGEST_KINDS
from ingest_service.app import create_app as ingest_app
from ingest_service.settings import Settings as IngestSettings
from service_edge.html_pages import escaped
from service_edge.openapi import operations
from service_edge.problems import COMMON, INTERNAL_ERROR, MEDIA_TYPE, NOT_FOUND, UNREADABLE_REQUEST, ProblemType
from timeline_service.api.problems import KINDS as TIMELINE_KINDS
from timeline_service.api.problems import translate
from timeline_service.app import create_app as timeline_app
from timeline_service.cli.event_stream import EventStreamReader
from timeline_service.errors import ConflictError, UnknownError
from timeline_service.settings import Settings as TimelineSettings

#: Those that answer no request described here, or that only stand within an answer.
APART = {kind.slug for kind in (UNREADABLE_REQUEST, INTERNAL_ERROR, NOT_FOUND, INCOMPLETE, RESULTS_CUT)}
SERVICES: dict[str, tuple[FastAPI, tuple[ProblemType, ...]]] = {
    "ingest": (ingest_app(IngestSettings()), (*COMMON, *INGEST_KINDS)),
    "timeline": (timeline_app(TimelineSettings()), (*COMMON, *TIMELINE_KINDS)),
}
APPS = [pytest.param(app, id=name) for name, (app, _) in SERVICES.items()]
DOCUMENTS = [pytest.param(app.openapi(), id=name) for name, (app, _) in SERVICES.items()]
OPERATIONS = [
    pytest.param(app.openapi(), method, operation, id=f"{method.upper()} {path}")
    for app, _ in SERVICES.values()
    for path, method, operation in operations(app.openapi())
]


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1")


def found(document: dict[str, Any], reference: str) -> Any:
    """What a reference leads to; raises KeyError where that is nothing."""
    target: Any = document
    for part in reference.removeprefix("#/").split("/"):
        target = target[part]
    return target


def references(item: Any) -> Iterator[str]:
    if isinstance(item, dict):
        if isinstance(item.get("$ref"), str):
            yield item["$ref"]
        for inner in item.values():
            yield from references(inner)
    elif isinstance(item, list):
        for inner in item:
            yield from references(inner)


def misfits(document: dict[str, Any], media_type: str, content: dict[str, Any]) -> list[str]:
    """What the examples of a body or answer do not have of its schema; each content has an example."""
    assert content["examples"]
    schema = {"type": "array", "items": content["x-itemSchema"]} if "x-itemSchema" in content else content["schema"]
    validator = Draft202012Validator({**schema, "components": document["components"]})
    shown = [found(document, item["$ref"]) if "$ref" in item else item for item in content["examples"].values()]
    values = [read_items(media_type, item["value"]) if "x-itemSchema" in content else item["value"] for item in shown]
    return [error.message for value in values for error in validator.iter_errors(value)]


def read_items(media_type: str, text: str) -> list[Any]:
    """The items of a sequence: the events of a stream, or the lines of NDJSON."""
    if media_type == "text/event-stream":
        events = [event for event in EventStreamReader().read(text.encode()) if event.data is not None]
        items = [{"id": event.id, "event": event.name, "data": event.data} for event in events]
    else:
        items = [read_json(line.encode()) for line in text.splitlines()]
    assert items
    return items


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_description_is_one_by_the_letter_of_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    validator = Draft202012Validator(OPENAPI_31)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_clients_that_are_generated_get_methods_with_names(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    assert all(re.fullmatch("[a-z]+[A-Z][A-Za-z]+", name) for name in names), names
    assert [server["url"] for server in document["servers"]] == ["/"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_reference_leads_to_something_and_every_schema_is_one(document: dict[str, Any]) -> None:
    assert all(found(document, reference) is not None for reference in references(document))
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(("document", "method", "operation"), OPERATIONS)
def test_every_body_and_answer_has_a_schema_and_examples_that_fit_it(
    document: dict[str, Any], method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["description"]
    contents = [operation["requestBody"]["content"]] if method == "post" else []
    for status, answer in operation["responses"].items():
        assert answer["description"]
        assert set(answer.get("content", {})) == {MEDIA_TYPE} or status < "400"
        assert "content" in answer or status in {"204", "304", "307"}
        contents.append(answer.get("content", {}))
    for content in contents:
        for media_type, described in content.items():
            assert misfits(document, media_type, described) == [], media_type


@pytest.mark.parametrize(("document", "method", "operation"), OPERATIONS)
def test_every_parameter_says_what_it_is_and_how_it_looks(
    document: dict[str, Any], method: str, operation: dict[str, Any]
) -> None:
    for parameter in operation.get("parameters", []):
        assert parameter["description"], parameter["name"]
        if parameter["name"] == "cursor":  # it is sealed, so that there is none to show
            continue
        schema = parameter["schema"]
        inner = schema.get("items", schema)
        told = inner.keys() & {"enum", "const", "examples", "minimum"} or inner.get("type") == "boolean"
        assert told or parameter.get("examples") or schema.get("examples"), parameter["name"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_type_of_problem_is_documented_where_it_can_be_met(name: str) -> None:
    app, kinds = SERVICES[name]
    met: set[str] = set()
    for _, _, operation in operations(app.openapi()):
        for status, answer in operation["responses"].items():
            for slug in answer.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}):
                assert app.openapi()["components"]["examples"][slug]["value"]["status"] == int(status)
                met.add(slug)
    assert met == {kind.slug for kind in kinds} - APART


@pytest.mark.parametrize("name", SERVICES)
async def test_every_type_of_problem_has_a_page_that_says_what_to_do(name: str) -> None:
    app, kinds = SERVICES[name]
    async with client_of(app) as client:
        index = (await client.get("/problems")).text
        for kind in kinds:
            assert f"href='{kind.uri}'" in index
            page = await client.get(kind.uri)
            assert page.status_code == 200
            assert len(kind.explanation) > 60, kind.slug
            assert kind.example, kind.slug
            assert f"/problems/{kind.slug}" in page.text


@pytest.mark.parametrize("app", APPS)
async def test_the_pages_for_people_list_every_request_and_ask_for_nothing_from_elsewhere(app: FastAPI) -> None:
    async with client_of(app) as client:
        docs = await client.get("/docs")
        assert (await client.get("/redoc")).status_code == 404
        pages = [docs.text, (await client.get("/problems")).text, (await client.get("/problems/not-found")).text]
    for path, _, operation in operations(app.openapi()):
        assert f"<code>{path}</code> {escaped(operation['summary'])}" in docs.text
    for page in pages:
        assert "<script" not in page
        assert len(re.findall("<main[ >]", page)) == page.count("</main>") == 1
        assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page)
    assert "default-src 'none'" in docs.headers["content-security-policy"]


def test_each_error_of_a_kind_has_a_problem_of_its_own() -> None:
    errors = [
        *(kind("x") for kind in UnknownError.__subclasses__()),
        *(kind("x") for kind in ConflictError.__subclasses__()),
    ]
    slugs = [problem.kind.slug for error in errors if (problem := translate(error)) is not None]
    assert len(errors) == len(set(slugs)) == 14
