"""`ingest token`: a new token, which is printed once; what is kept of it is a hash."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from service_edge.access.roles import Role, read_name, roles_in_words
from service_edge.access.token_files import require_regular
from service_edge.access.tokens import TokenFileError, Tokens, make_token, token_line
from service_edge.terminal import ExitStatus, leave

_MODE: Final = 0o600


def make(
    name: Annotated[str, typer.Argument(help="Whose it is: the principal in records, histories and logs.")],
    role: Annotated[list[Role], typer.Option(help="What it allows; may be repeated.")],
    days: Annotated[int, typer.Option(min=0, max=36_500, help="After so many it expires; 0: never.")] = 90,
    file: Annotated[
        str | None,
        typer.Option(envvar="INGEST_TOKENS_FILE", metavar="FILE", help="The token file; it is made if it is missing."),
    ] = None,
) -> None:
    """Print a new token, and append its hash to a token file, which running services then read again.

    Nobody can read the token out of the file: who loses it gets another. A line that is
    removed from the file withdraws its token.

    Exit status: 0 made, 1 the file cannot be written, 2 wrong usage.
    """
    if not file:
        leave(ExitStatus.USAGE, "name the token file with --file or INGEST_TOKENS_FILE")
    path = Path(file.partition(",")[0].strip())
    try:
        read_name(name)
    except ValueError as error:
        leave(ExitStatus.USAGE, str(error))
    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    token = make_token()
    try:
        _append(path, token_line(name, token, role, expires))
    except OSError as error:
        leave(ExitStatus.REFUSED, f"{path} cannot be written: {error.strerror}")
    except TokenFileError as error:
        leave(ExitStatus.REFUSED, f"{path} is no sound token file, so nothing was appended: {error}")
    print(token)
    until = f" until {expires:%Y-%m-%d}" if expires is not None else ""
    allowed = roles_in_words(set(role)).replace(" or ", ", ")
    print(
        f"{name} may {allowed}{until}: {path} keeps the hash. This is the only time that it is shown.", file=sys.stderr
    )


def _append(path: Path, line: bytes) -> None:
    """One write, so that whoever reads meanwhile sees the line or not; others may not read a file that we make."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, _MODE)
    with open(descriptor, "rb+", buffering=0) as file:
        require_regular(os.fstat(descriptor))
        before = file.read()
        if before.strip():
            Tokens(before)
        os.write(descriptor, line if not before or before.endswith(b"\n") else b"\n" + line)
        os.fsync(descriptor)
