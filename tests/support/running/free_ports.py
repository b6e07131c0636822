"""Ports that nobody uses, and that no other test of this run is given."""

import os
import random
import socket

from tests.support.running.session_folder import session_folder

_BELOW_EPHEMERAL = range(12_000, 32_000)  # the kernel gives none of these to an outgoing connection


def free_port() -> int:
    """A port on 127.0.0.1, claimed for the rest of this test run."""
    claims = session_folder() / "ports"
    claims.mkdir(exist_ok=True)
    while True:
        port = random.choice(_BELOW_EPHEMERAL)
        if _is_free(port) and _claim(claims / str(port)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _claim(file: "os.PathLike[str]") -> bool:
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True
