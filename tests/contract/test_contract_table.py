"""The contract's table of the timeline service, held against the service's description of itself."""

from dataclasses import dataclass
from typing import Any

import pytest

from service_edge.openapi import operations
from timeline_service.app import create_app
from timeline_service.settings import Settings

ALTERNATIVES = frozenset(
    {"type", "valence", "domain", "stage", "tag", "actor", "publisher", "initiator", "batch", "q", "min_sources"}
)
FILTERS = ALTERNATIVES | {"from", "to", "match", "as_of", "include", "min_position", "generation"}
#: Of a listing of pairs there is one country, and of one of records one load.
ONE_SOMEWHERE = frozenset({"country", "batch"})
PAGES = frozenset({"order", "limit", "cursor", "count"})
WAITS = frozenset({"min_position", "Timeline-Position"})
READS_OF = WAITS | {"generation"}
SUFFIXES = {
    ".json": "application/json",
    ".csv": "text/csv",
    ".ndjson": "application/x-ndjson",
    ".ics": "text/calendar",
    ".atom": "application/atom+xml",
    ".timelinejs.json": "application/json",
}
JSON = frozenset({"application/json"})
STREAM = frozenset({"text/event-stream"})


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: a request, the query and header parameters that it must take, and its answer."""

    path: str
    parameters: frozenset[str] = WAITS
    method: str = "get"
    status: str = "200"
    answers: frozenset[str] = JSON


ROWS = [
    Row("/v1/timelines/{pair}", FILTERS | PAGES | WAITS, answers=frozenset(SUFFIXES.values())),
    Row("/v1/timelines/lookup", FILTERS | {"a", "b"}, status="307", answers=frozenset()),
    Row("/v1/timelines", FILTERS | {"country", "order", "limit", "cursor"}),
    Row("/v1/timelines/{pair}/summary", FILTERS),
    Row(
        "/v1/timelines/{pair}/changes",
        READS_OF | {"since", "until", "include", "limit", "cursor"},
        answers=frozenset({"application/json", "text/csv", "application/x-ndjson"}),
    ),
    Row("/v1/timelines/{pair}/live", frozenset({"Last-Event-ID"}), answers=STREAM),
    Row("/v1/live", frozenset({"country", "Last-Event-ID"}), answers=STREAM),
    Row("/v1/events", FILTERS | PAGES | {"country", "code"}, answers=frozenset(SUFFIXES.values())),
    Row("/v1/events/{event_id}", READS_OF | {"as_of"}),
    Row("/v1/events/{event_id}/revisions", READS_OF | {"as_of"}),
    Row("/v1/records/{position}", READS_OF | {"wait"}),
    Row("/v1/batches", READS_OF | {"limit", "cursor"}),
    Row("/v1/batches/{name}", READS_OF),
    Row("/v1/records", READS_OF | {"outcome", "problem", "principal", "batch", "since", "until", "limit", "cursor"}),
    *(
        Row(path, FILTERS | {"country", "code", "prefix", "pair", "limit", "cursor"})
        for path in ("/v1/tags", "/v1/actors", "/v1/publishers")
    ),
    Row("/v1/countries", READS_OF),
    Row("/v1/countries/{country}/partners", FILTERS),
    Row("/v1/types", READS_OF),
    Row("/v1/status", READS_OF),
    Row("/v1/parked", READS_OF | {"limit", "cursor"}),
    Row("/v1/parked/{position}/redrive", frozenset(), "post", "202"),
    Row("/v1/replays", frozenset(), "post", "202"),
    Row("/v1/replays", WAITS | {"limit", "cursor"}),
    Row("/v1/replays/{replay_id}"),
    Row("/v1/replays/{replay_id}/progress", answers=STREAM),
    Row("/v1/replays/{replay_id}", frozenset(), "delete", "202"),
    Row("/v1/generations"),
    Row("/v1/generations/{n}/activate", frozenset(), "post", "202"),
    Row("/v1/generations/{n}", frozenset(), "delete", "204", answers=frozenset()),
    Row("/v1/log/export", WAITS | {"partition", "from", "to"}, answers=frozenset({"application/x-ndjson"})),
    Row("/healthz", frozenset()),
    Row("/readyz", frozenset()),
    Row("/metrics", frozenset(), answers=frozenset({"text/plain"})),
    *(
        Row(path + suffix, FILTERS | PAGES | WAITS, answers=frozenset({media_type}))
        for path in ("/v1/timelines/{pair}", "/v1/events")
        for suffix, media_type in SUFFIXES.items()
    ),
]
DOCUMENT = create_app(Settings()).openapi()
DESCRIBED = {(path, method): operation for path, method, operation in operations(DOCUMENT)}
READS = [
    pytest.param(operation, id=path)
    for (path, method), operation in DESCRIBED.items()
    if method == "get" and path.startswith("/v1/") and "200" in operation["responses"]
]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.method.upper()} {row.path}" for row in ROWS])
def test_a_row_of_the_contract_is_described(row: Row) -> None:
    operation = DESCRIBED[row.path, row.method]
    taken = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] != "path"}
    assert row.parameters <= taken
    answer = operation["responses"][row.status]
    assert set(answer.get("content", {})) == row.answers
    for media_type, content in answer.get("content", {}).items():
        assert content["examples"], media_type


@pytest.mark.parametrize("operation", READS)
def test_every_read_waits_for_a_position_and_answers_with_one(operation: dict[str, Any]) -> None:
    taken = {(parameter["in"], parameter["name"]) for parameter in operation["parameters"]}
    assert {("query", "min_position"), ("header", "Timeline-Position")} <= taken
    answer = operation["responses"]["200"]
    assert "Timeline-Position" in answer["headers"]
    assert "503" in operation["responses"]
    if not STREAM & answer["content"].keys():
        assert answer["headers"]["ETag"]["required"]
        assert operation["responses"]["304"]["headers"]["ETag"]["required"]


def test_alternatives_may_be_repeated_and_other_parameters_may_not() -> None:
    repeated = {
        parameter["name"]: parameter["schema"].get("type") == "array"
        for operation in DESCRIBED.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and parameter["name"] not in ONE_SOMEWHERE
    }
    assert {name for name, again in repeated.items() if again} == (
        ALTERNATIVES | {"code", "outcome", "problem"}
    ) - ONE_SOMEWHERE
