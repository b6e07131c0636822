"""The token with which a command asks: from an option, a variable, or a file, and shown nowhere."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import typer

from service_edge.access.tokens import CredentialError, read_token
from service_edge.terminal import ExitStatus, leave

_FILE: Final = "@"


def token_option(variable: str, name: str = "--token") -> Any:
    """The option of a token; without it `variable` has the token, or `variable` with _FILE the name of its file."""
    return typer.Option(
        name,
        metavar="TOKEN|@FILE",
        envvar=variable,
        show_default=False,
        callback=_found(variable, name),
        help=f"A token, or the file that holds it. Better {variable} or {variable}_FILE: others see a command's words.",
    )


def bearer(token: str | None) -> dict[str, str]:
    """The header that carries a token, if there is one."""
    return {"authorization": f"Bearer {token}"} if token else {}


def _found(variable: str, name: str) -> Callable[[str | None], str | None]:
    def find(given: str | None) -> str | None:
        file = os.environ.get(f"{variable}_FILE", "")
        if given:
            text, source = (_content(given[1:], name), name) if given.startswith(_FILE) else (given, name)
        elif file:
            source = f"{variable}_FILE"
            text = _content(file, source)
        else:
            return None
        try:
            return read_token(text.strip())
        except CredentialError as error:
            leave(ExitStatus.USAGE, f"{source} holds no token: {error}")

    return find


def _content(file: str, source: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        leave(ExitStatus.USAGE, f"{source}: {file} cannot be read: {error.strerror}")
