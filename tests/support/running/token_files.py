"""Token files for tests, and the tokens whose hashes they hold."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service_edge.access.roles import Role
from service_edge.access.tokens import make_token, token_line


def write_tokens(path: Path, names: Mapping[str, Iterable[Role]], *, expired: Iterable[str] = ()) -> dict[str, str]:
    """Write a token for each name with its roles; returns them by name."""
    tokens = {name: make_token() for name in names}
    ended = datetime.now(UTC) - timedelta(seconds=1)
    lines = [
        token_line(name, tokens[name], roles, ended if name in {*expired} else None) for name, roles in names.items()
    ]
    path.write_bytes(b"".join(lines))
    return tokens


def bearing(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"authorization": f"Bearer {token}"}
