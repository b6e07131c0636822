"""Ports that somebody else may have."""

import socket

from local_stack.errors import StackError


def require_port(port: int, variable: str, who: str) -> None:
    """Raises StackError, naming the port and the variable, if something else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StackError(
                f"port {port} for {who} is taken by another program ({error.strerror}): "
                f"stop that, or choose another port with {variable}=…"
            ) from error
