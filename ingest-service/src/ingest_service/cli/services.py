"""The services as a command asks them."""

import ssl
from dataclasses import dataclass, field

from service_edge.access.client_tokens import bearer
from service_edge.tls import trust_of


@dataclass(frozen=True, slots=True)
class Service:
    """Where a service is, and the token with which it is asked, if there is one."""

    url: str
    token: str | None = field(default=None, repr=False)

    def address(self, path: str) -> str:
        """The whole address of a path."""
        return f"{self.url.rstrip('/')}{path}"

    @property
    def headers(self) -> dict[str, str]:
        """What carries the token."""
        return bearer(self.token)

    @property
    def trust(self) -> ssl.SSLContext | bool:
        """Whom a client of it trusts."""
        return trust_of(self.url)
