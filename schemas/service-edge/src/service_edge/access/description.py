"""What OpenAPI says of access: how a credential is sent, which role an operation needs, and what can be refused."""

from collections.abc import Mapping
from typing import Any, Final

from service_edge.access.gate import Gate
from service_edge.access.needs import OPEN
from service_edge.access.roles import EVERY_ROLE, Roles, roles_in_words
from service_edge.problems import ISSUER_AWAY, NOT_ALLOWED, TOO_MANY, UNAUTHENTICATED, ProblemType

SCHEMES: Final[Mapping[str, Mapping[str, str]]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of the service's token file, or a JWT of its issuer. Without either setting none is "
        "asked for.",
    }
}


def needed_in_words(need: Roles) -> str:
    """A sentence that says which role an operation needs."""
    if need == OPEN:
        return "Needs no credential."
    return "Needs a credential." if need == EVERY_ROLE else f"Needs the role {roles_in_words(need)}."


def refusals(need: Roles) -> tuple[ProblemType, ...]:
    """The problems that an operation can meet for its caller's sake."""
    return () if need == OPEN else (UNAUTHENTICATED, NOT_ALLOWED, TOO_MANY, ISSUER_AWAY)


def security(need: Roles, gate: Gate) -> list[dict[str, Any]]:
    """OpenAPI's requirement of an operation: none where everybody may do it."""
    if need == OPEN or not gate.asks:
        return []
    required = [{"bearer": [str(role)]} for role in sorted(need)] if need != EVERY_ROLE else [{"bearer": []}]
    return [{}, *required] if need & gate.everybody else required
