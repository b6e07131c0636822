"""Routes whose parameters are prepared once: the framework looks up anew for every request what each of them is.

What is taken of a request stays the same. Where a value is not valid the framework looks at all of it, and says why.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from typing import Any, Final

from fastapi import Request, Response
from fastapi._compat import ModelField, field_annotation_is_sequence
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, _effective_route_context_var
from starlette.datastructures import Headers, QueryParams

#: Defaults that may be handed out again and again.
_PLAIN: Final = (type(None), bool, int, float, str)
_NOT_PREPARED: Final = (
    "cookie_params", "body_params", "websocket_param_name", "http_connection_param_name", "response_param_name",
    "background_tasks_param_name", "security_scopes_param_name", "own_oauth_scopes", "concurrency",
)  # fmt: skip


class PreparedRoute(APIRoute):
    """A route of a coroutine that returns a `Response`, all of whose dependencies are coroutines.

    Of its parameters those are looked at that a request has; what the others are is known. All of them are valid before
    the first dependency is called.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of requests."""
        ordinary = super().get_route_handler()
        included = _effective_route_context_var.get()  # where it is made for an app, whose dependencies it has too
        steps = _steps_of(self.dependant if included is None else included.dependant)

        async def handle(request: Request) -> Response:
            try:
                given = [step.read(request) for step in steps]
            except _NotValidError:
                return await ordinary(request)
            results: list[Any] = []
            for step, values in zip(steps, given, strict=True):
                for name, number in step.needs:
                    values[name] = results[number]
                results.append(await step.call(**values))
            answer: Response = results[-1]
            return answer

        return handle


class _NotValidError(Exception):
    """A request that the framework refuses, or of which it knows more."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter of an address or a head: under which name it is sent, and whether all its values are taken."""

    alias: str
    field: ModelField
    repeats: bool

    @property
    def name(self) -> str:
        """The name under which it is given to a function."""
        return self.field.name

    def read(self, sent: QueryParams | Headers) -> Any:
        """The value that was sent; raises _NotValidError."""
        return _valid(self.field, sent.getlist(self.alias) if self.repeats else sent[self.alias])


@dataclass(slots=True)
class _Step:
    """A function, which is called with parameters and with what others have returned before: by their numbers."""

    call: Callable[..., Coroutine[Any, Any, Any]]
    request: str | None
    path: list[_Parameter]
    query: list[_Parameter]
    headers: list[_Parameter]
    needs: list[tuple[str, int]] = field(default_factory=list)
    defaults: dict[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()

    def read(self, request: Request) -> dict[str, Any]:
        """What a request gives it; raises _NotValidError."""
        values = self.defaults.copy()
        if self.request is not None:
            values[self.request] = request
        for each in self.path:
            values[each.name] = _valid(each.field, request.path_params[each.alias])
        if self.query and (query := request.query_params):
            values |= {each.name: each.read(query) for each in self.query if each.alias in query}
        if self.headers:
            sent = request.headers
            values |= {each.name: each.read(sent) for each in self.headers if each.alias in sent}
        if not self.required <= values.keys():
            raise _NotValidError
        return values


def _valid(part: ModelField, value: Any) -> Any:
    read, errors = part.validate(value, {}, loc=())
    if errors:
        raise _NotValidError
    return read


def _steps_of(route: Dependant) -> list[_Step]:
    """All functions that are to be called, in the framework's order, each once; the route's own is the last."""
    steps: list[_Step] = []
    numbers: dict[Callable[..., Any], int] = {}

    def add(part: Dependant) -> int:
        call = part.call
        assert call is not None
        if call not in numbers:
            needs = [(each.name, add(each)) for each in part.dependencies]
            steps.append(_step(part, [(name, number) for name, number in needs if name is not None]))
            numbers[call] = len(steps) - 1
        return numbers[call]

    add(route)
    return steps


def _step(part: Dependant, needs: list[tuple[str, int]]) -> _Step:
    assert iscoroutinefunction(part.call), f"{part.call} is no coroutine function"
    assert part.use_cache, f"{part.call} is called each time"
    assert not (found := [name for name in _NOT_PREPARED if getattr(part, name)]), f"{part.call} has {found}"
    path, query, headers = (
        [_Parameter(each.alias, each, field_annotation_is_sequence(each.field_info.annotation)) for each in fields]
        for fields in (part.path_params, part.query_params, part.header_params)
    )
    optional = [each.field for each in (*query, *headers) if not each.field.field_info.is_required()]
    defaults = {each.name: each.default for each in optional}
    assert all(isinstance(each, _PLAIN) for each in defaults.values()), f"{part.call} has a default that could change"
    required = frozenset(each.name for each in (*query, *headers)) - defaults.keys()
    return _Step(part.call, part.request_param_name, path, query, headers, needs, defaults, required)
