"""`ingest key`: a pair of keys, by which the records of this ingest service are known from those of others."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from service_edge.terminal import ExitStatus, leave


def make_key(
    file: Annotated[Path, typer.Argument(help="Where the private key is put, for INGEST_SIGNING_KEY_FILE.")],
    since: Annotated[
        str,
        typer.Option("--from", help="From when it is to be trusted, such as 2026-02-13T00:00:00Z; always if not said."),
    ] = "",
) -> None:
    """Make a key to sign records with. Prints the line for TIMELINE_TRUSTED_KEYS_FILE; the file is the secret."""
    from ingest_service.domain.signing import RecordSigner, new_private_key

    bound = {"from": _instant(since).isoformat().replace("+00:00", "Z")} if since else {}
    pem = new_private_key()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        leave(ExitStatus.REFUSED, f"{file} is there already, and a key is not overwritten: name another file")
    except OSError as error:
        leave(ExitStatus.REFUSED, f"{file} cannot be written: {error.strerror}")
    try:
        with open(descriptor, "w") as written:
            written.write(pem)
    except OSError as error:
        file.unlink()
        leave(ExitStatus.REFUSED, f"{file} cannot be written: {error.strerror}")
    signer = RecordSigner(pem)
    typer.echo(orjson.dumps({"name": signer.key_id, "key": signer.public_key, **bound}).decode())


def _instant(text: str) -> datetime:
    with suppress(ValueError, OverflowError):
        if (instant := datetime.fromisoformat(text)).tzinfo is not None:
            return instant.astimezone(UTC)
    leave(ExitStatus.USAGE, f"--from {text} is not an instant: write one such as 2026-02-13T00:00:00Z")
