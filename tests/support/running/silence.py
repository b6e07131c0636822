"""A service that is frozen: it is connected to, and says nothing."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def never_answering() -> Iterator[str]:
    """The address of one."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
