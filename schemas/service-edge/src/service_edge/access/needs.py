"""Which role each operation needs, and which operation a request is."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from re import Pattern
from typing import Any, Final, NamedTuple

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from service_edge.access.roles import EVERY_ROLE, Role, Roles
from service_edge.hosts import is_loopback

#: One of these roles is needed; without any it is for everybody, who need not say who they are.
Table = Mapping[str, Roles]
OPEN: Final[Roles] = frozenset()
#: Addresses of which the need is remembered: to look through all operations takes longer than all else at the door.
_MOST_REMEMBERED: Final = 4_096
_LONGEST_REMEMBERED: Final = 200


class NeedsError(Exception):
    """The table and the app do not fit: an operation has no role, or a row no operation."""


class _Operation(NamedTuple):
    method: str
    path: Pattern[str]
    need: Roles


def table(
    *,
    open_to_all: Iterable[str] = (),
    with_any: Iterable[str] = (),
    mixed: Table | None = None,
    **roles: Iterable[str],
) -> Table:
    """The operations (`GET /v1/events/{event_id}`) by their roles; raises NeedsError for one that is there twice."""
    rows = [(each, OPEN) for each in open_to_all] + [(each, EVERY_ROLE) for each in with_any]
    rows += [(each, frozenset({Role(name)})) for name, operations in roles.items() for each in operations]
    rows += (mixed or {}).items()
    made = dict(rows)
    if len(made) < len(rows):
        raise NeedsError("an operation has two roles")
    return made


def operations_of(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str, Any]]:
    """Every operation of an app in the order in which it looks for them: method, path, and the route."""
    for route in iter_route_contexts([*routes]):
        if route.path_format is None or route.methods is None:
            raise NeedsError(f"{route.original_route!r} is no operation that could have a role")
        for method in sorted(route.methods - {"HEAD"}):  # which is a GET
            yield method, route.path_format, route


def served_at(host: str, rows: Table) -> Table:
    """The table of a process that listens there: on loopback its metrics are a probe as the others are."""
    return {**rows, "GET /metrics": OPEN} if is_loopback(host) else rows


class Needs:
    """What the operations of an app need."""

    def __init__(self, routes: Iterable[BaseRoute], rows: Table) -> None:
        """Raises NeedsError where an operation of the app is not in the table, or the other way round."""
        self._operations: list[_Operation] = []
        named = set()
        for method, path, route in operations_of(routes):
            name = f"{method} {path}"
            if name not in rows:
                raise NeedsError(f"{name} has no role: say in the service's table of roles who may do it")
            named.add(name)
            self._operations.append(_Operation(method, route.path_regex, rows[name]))
        if strangers := rows.keys() - named:
            raise NeedsError(f"{min(strangers)} is in the table of roles, and no operation")
        self._remembered = lru_cache(_MOST_REMEMBERED)(self._find)

    def of(self, method: str, path: str) -> Roles:
        """One of which roles a request needs; what is no operation is told only to who has a credential."""
        method = "GET" if method == "HEAD" else method
        return self._remembered(method, path) if len(path) <= _LONGEST_REMEMBERED else self._find(method, path)

    def _find(self, method: str, path: str) -> Roles:
        for operation in self._operations:
            if operation.method == method and operation.path.match(path):
                return operation.need
        return EVERY_ROLE
