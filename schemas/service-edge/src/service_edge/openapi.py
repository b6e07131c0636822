"""What OpenAPI says of both services: shapes, headers, and an example for each problem that a request can meet."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import Response
from fastapi.routing import APIRoute

from service_edge.access.description import SCHEMES, needed_in_words, refusals, security
from service_edge.access.gate import Gate
from service_edge.access.guard import AccessGuard, Show
from service_edge.access.needs import Needs, Table
from service_edge.access.roles import Roles
from service_edge.crew import Crew
from service_edge.docs import docs_page
from service_edge.host_origin_guard import PROBES
from service_edge.html_pages import HtmlPage, PageMaker
from service_edge.problem_schema import PROBLEM
from service_edge.problems import (
    BAD_PARAMETER,
    COMMON,
    FOREIGN_HOST,
    FOREIGN_ORIGIN,
    MEDIA_TYPE,
    METHOD_NOT_ALLOWED,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemType,
)

JsonObject = dict[str, Any]
UUID: Final = {"type": "string", "format": "uuid"}
TIME: Final = {"type": "string", "format": "date-time", "description": "RFC 3339, in UTC with microseconds."}
POSITION: Final = {"type": "string", "pattern": "^(0|[1-9][0-9]*):(0|[1-9][0-9]*)$", "examples": ["3:17"]}
POSITIONS: Final = {
    "type": "string",
    "pattern": "^((0|[1-9][0-9]*):(0|[1-9][0-9]*)(,(0|[1-9][0-9]*):(0|[1-9][0-9]*))*)?$",
    "examples": ["3:17,5:2"],
}
PAIR: Final = {"type": "string", "pattern": "^[A-Z]{3}-[A-Z]{3}$", "examples": ["CHN-IND"]}
_HTML: Final = {"type": "string"}
_HEADERS: Final[Mapping[str, JsonObject]] = {
    "Timeline-Position": {
        "description": "Positions, up to and with: given to a read, it answers at them or later.",
        "schema": POSITIONS,
    },
    "Location": {"description": "Where what the answer speaks of is found.", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Seconds after which the same request may be made again.",
        "schema": {"type": "integer", "minimum": 0},
        "required": True,
    },
    "WWW-Authenticate": {
        "description": "What kind of credential is asked for (RFC 6750).",
        "schema": {"type": "string"},
        "required": True,
    },
    "Allow": {"description": "The methods that this address takes.", "schema": {"type": "string"}, "required": True},
    "ETag": {"description": "The answer's mark, for `If-None-Match`.", "schema": {"type": "string"}},
    "Link": {"description": "The next page (RFC 8288), where there is one.", "schema": {"type": "string"}},
    "Cache-Control": {"description": "How long it may be kept (RFC 9111).", "schema": {"type": "string"}},
    "Content-Language": {"description": "The language of names, as BCP 47 writes it.", "schema": {"type": "string"}},
    "Vary": {"description": "The headers of a request that change the answer.", "schema": {"type": "string"}},
    "Accept-Post": {"description": "The media types that a body may have.", "schema": {"type": "string"}},
}
#: Stands for null in examples while FastAPI, which leaves out what is null, makes the document.
_NULL: Final = "\0null"
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "`ETag`s of earlier answers, or `*`: where one of them is still right, the answer is 304.",
    "schema": {"type": "string", "examples": ['"5d41402abc4b2a76b9719d911017c592"']},
}
_HEADERS_OF: Final = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    415: ("Accept-Post",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def ref(name: str) -> JsonObject:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(optional: Iterable[str] = (), **fields: Any) -> JsonObject:
    """The schema of an object with these fields, all of which are there but the optional ones."""
    return {"type": "object", "required": [name for name in fields if name not in {*optional}], "properties": fields}


def list_of(items: JsonObject) -> JsonObject:
    """The schema of a list."""
    return {"type": "array", "items": items}


def or_null(schema: JsonObject) -> JsonObject:
    """A schema that also takes null."""
    return {"anyOf": [schema, {"type": "null"}]}


def headers(*required: str, optional: Iterable[str] = ()) -> JsonObject:
    """The headers of an answer."""
    always = {name: {**_HEADERS[name], "required": True} for name in required}
    return always | {name: dict(_HEADERS[name]) for name in optional}


def success(
    description: str, schema: JsonObject, *, media_type: str = "application/json", **examples: Any
) -> JsonObject:
    """An answer that is no problem, with an example of each kind by its name."""
    return {"description": description, "content": {media_type: body(schema, **examples)}}


def body(schema: JsonObject, **examples: Any) -> JsonObject:
    """What is sent as one media type, with an example of each kind by its name."""
    return {
        "schema": schema,
        "examples": {name: {"value": _replaced(value, None, _NULL)} for name, value in examples.items()},
    }


def lines(schema: JsonObject, **examples: str) -> JsonObject:
    """What comes in lines: a text, each line of which fits the schema (`x-itemSchema`).

    OpenAPI 3.2 has `itemSchema` for that, and generators of clients do not take 3.2.
    """
    return {**body({"type": "string"}, **examples), "x-itemSchema": schema}


def events(schema: JsonObject, **examples: str) -> JsonObject:
    """What comes as server-sent events, of which each fits the schema; that is how OpenAPI 3.1 is read of them."""
    return {**body(schema, **examples), "x-itemSchema": schema}


def problems(*kinds: ProblemType) -> dict[int | str, JsonObject]:
    """OpenAPI's `responses` for problems: those of one status together, each with its example."""
    found: dict[int | str, JsonObject] = {}
    for kind in kinds:
        response = found.setdefault(
            kind.status,
            {"description": "", "content": {MEDIA_TYPE: {"schema": ref("Problem"), "examples": {}}}},
        )
        response["content"][MEDIA_TYPE]["examples"][kind.slug] = {"$ref": f"#/components/examples/{kind.slug}"}
        if names := _HEADERS_OF.get(kind.status):
            response["headers"] = {name: dict(_HEADERS[name]) for name in names}
        words = [response["description"], kind.title]
        response["description"] = "; or ".join(filter(None, words))
    return found


class DescribedAPI(FastAPI):
    """An app that describes itself without gaps, at /openapi.json and, for people, at /docs.

    `schemas` are those of what is read and answered by hand. Problems that every request of a kind can meet are
    described here; a route names its own with `responses=problems(…)`. `page` makes the page for people. `needs` is the
    role of each operation, by which the `gate` decides once `guard` was called.
    """

    def __init__(
        self,
        *,
        kinds: Iterable[ProblemType],
        schemas: Mapping[str, JsonObject],
        gate: Gate,
        needs: Table,
        page: PageMaker = HtmlPage,
        crew: Crew | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(
            docs_url=None,
            redoc_url=None,
            servers=[{"url": "/", "description": "The service that this description comes from."}],
            generate_unique_id_function=_operation_id,
            **settings,
        )
        self.openapi_version = "3.1.0"  # what generators of clients take
        #: Ends what would go on for ever, when the process is asked to stop: the server waits for the rest.
        self.leave: Callable[[], object] = lambda: None
        #: The processes that answer with it behind one port.
        self.crew: Final = crew or Crew()
        self._kinds = (*COMMON, *kinds)
        self._schemas = schemas
        self._gate = gate
        self._needs = needs

        @self.get("/docs", response_class=HtmlPage, include_in_schema=False)
        async def docs() -> Response:
            return docs_page(self.openapi(), page)

    @property
    def asks_for_credentials(self) -> bool:
        """Whether anybody has to say who they are."""
        return self._gate.asks

    def guard(self, show: Show = lambda request, problem: None) -> None:
        """Have the gate decide on every request; raises NeedsError for an operation that has no role.

        It is to be called once all routes are there; what is added as middleware later stands before it.
        """
        self._gate.needs = Needs(self.routes, self._needs)
        self.add_middleware(AccessGuard, gate=self._gate, show=show)

    def openapi(self) -> JsonObject:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            document = super().openapi()
            components = document.setdefault("components", {})
            examples = {kind.slug: {"summary": kind.title, "value": kind.sample()} for kind in self._kinds}
            components["examples"] = examples
            made = components.get("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):  # the framework's, which never answers
                made.pop(name, None)
            components["schemas"] = {**made, **deepcopy(dict(self._schemas)), "Problem": PROBLEM}
            components["securitySchemes"] = deepcopy(dict(SCHEMES))
            for path, method, operation in operations(document):
                need = self._needs[f"{method.upper()} {path}"]
                _complete(path, method, operation, need)
                operation["security"] = security(need, self._gate)
        return super().openapi()


def _operation_id(route: APIRoute) -> str:
    """What a client's method is called, by the name of a route's function, which for all but a read is a verb."""
    first, *rest = route.name.split("_")
    name = first + "".join(word.capitalize() for word in rest)
    return f"get{name[0].upper()}{name[1:]}" if "GET" in (route.methods or ()) and first != "list" else name


def operations(document: JsonObject) -> Iterator[tuple[str, str, JsonObject]]:
    """Every operation of a document, with its path and method."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _complete(path: str, method: str, operation: JsonObject, need: Roles) -> None:
    operation["description"] = f"{operation.get('description', '')}\n\n{needed_in_words(need)}".lstrip()
    for parameter in operation.get("parameters", ()):
        places = [parameter, parameter["schema"], *parameter["schema"].get("anyOf", ())]
        parameter["description"] = next(filter(None, (item.get("description") for item in places)), "")
        parameter["schema"] = _without_null(parameter["schema"])
    answers = operation["responses"]
    if "304" in answers:
        operation.setdefault("parameters", []).append(deepcopy(_IF_NONE_MATCH))
    for content in (operation.get("requestBody", {}), *answers.values()):
        for described in content.get("content", {}).values():
            described.update(_replaced(described, _NULL, None))
    if MEDIA_TYPE not in answers.get("422", {}).get("content", {}):
        answers.pop("422", None)  # the framework's; ours answers 400
    common = [BAD_PARAMETER, METHOD_NOT_ALLOWED, *refusals(need)]
    if path not in PROBES:
        common.append(FOREIGN_HOST)
    if method != "get":
        common.append(FOREIGN_ORIGIN)
    if method == "post":
        common.append(UNSUPPORTED_MEDIA_TYPE)
    for status, answer in problems(*common).items():
        held = answers.setdefault(str(status), answer)
        if held is not answer:
            held["content"][MEDIA_TYPE]["examples"] |= answer["content"][MEDIA_TYPE]["examples"]
            if answer["description"] not in held["description"]:
                held["description"] += f"; or {answer['description']}"
    operation["responses"] = dict(sorted(answers.items()))


def _replaced(value: Any, old: Any, new: Any) -> Any:
    """A JSON value with one value in it replaced by another, wherever it stands."""
    if isinstance(value, dict):
        return {name: _replaced(item, old, new) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, old, new) for item in value]
    return new if value == old else value


def _without_null(schema: JsonObject) -> JsonObject:
    """A parameter's schema: what is written in an address is never null."""
    kinds = [item for item in schema.get("anyOf", ()) if item != {"type": "null"}]
    inner = {**kinds[0], **schema} if len(kinds) == 1 else schema
    left_out = {"title", "description", *(["anyOf"] if len(kinds) == 1 else [])}
    return {name: value for name, value in inner.items() if name not in left_out}
