"""Who makes a request, as routes, pages and logs ask."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import HTTPConnection

from event_schemas.records import ANONYMOUS
from service_edge.access.roles import EVERY_ROLE, NO_ROLE, Roles, roles_in_words
from service_edge.problems import NOT_ALLOWED, ProblemError

_SCOPE: Final = "dyadline.caller"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, with the roles that they have here, and the credential that says so, to be shown to nobody."""

    name: str
    roles: Roles = NO_ROLE
    address: str = ""
    credential: str | None = field(default=None, repr=False)
    expires: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether a credential says who it is."""
        return self.credential is not None

    @property
    def could_do_more(self) -> bool:
        """Whether nobody knows who it is, and that keeps something from them."""
        return not self.is_known and self.roles != EVERY_ROLE

    @property
    def counted_as(self) -> tuple[str, str]:
        """As whom their requests and events are counted: a principal, or an address where there is none."""
        return ("principal", self.name) if self.is_known else ("address", self.address)

    def require(self, needed: Roles) -> None:
        """Raises ProblemError (403), which names what is missing, for a caller without any of these roles."""
        if not needed & self.roles:
            missing = roles_in_words(needed)
            challenge = f'Bearer realm="dyadline", error="insufficient_scope", scope="{missing.split()[0]}"'
            words = f"{self.name} does not have the role {missing}, which this needs: ask for a credential with it"
            raise ProblemError(
                NOT_ALLOWED, words, extra={"missing": missing.split(" or ")}, headers={"www-authenticate": challenge}
            )


#: Who asks where nobody has to say who they are.
ANYBODY: Final = Caller(ANONYMOUS, EVERY_ROLE)
_current: ContextVar[Caller] = ContextVar("dyadline_caller", default=ANYBODY)


def caller_of(request: HTTPConnection) -> Caller:
    """Who makes the request."""
    caller: Caller = request.scope.get(_SCOPE, ANYBODY)
    return caller


def current_caller() -> Caller:
    """Who makes the request that is being answered, for what is not told of it, such as the frame of a page."""
    return _current.get()


def note_caller(scope: Any, caller: Caller) -> None:
    """Have the request be known as theirs."""
    scope[_SCOPE] = caller
    _current.set(caller)
