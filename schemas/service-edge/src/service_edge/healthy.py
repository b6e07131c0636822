"""Whether the process beside this one is ready: `python -m service_edge.healthy [PORT]`.

The port is `HEALTH_PORT`, if none is named. Exit status 0 if it is ready, 1 with the reason if not.
"""

import os
import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final

_HOST: Final = "127.0.0.1"
_SECONDS: Final = 4.0


def why_not_ready(port: int) -> str:
    """Why what listens at a port of this machine is not ready; empty if it is."""
    try:
        try:
            return _ask(HTTPConnection(_HOST, port, timeout=_SECONDS))
        except (
            ConnectionResetError,
            HTTPException,
        ):  # it speaks HTTPS alone; that it is the right one says the machine
            context = ssl._create_unverified_context()
            return _ask(HTTPSConnection(_HOST, port, timeout=_SECONDS, context=context))
    except (OSError, HTTPException) as error:
        return f"nothing answers at port {port}: {error}"


def _ask(connection: HTTPConnection) -> str:
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return "" if answer.status == 200 else answer.read(1_000).decode(errors="replace")
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(why_not_ready(int((sys.argv[1:] or [os.environ.get("HEALTH_PORT", "8002")])[0])) or 0)
