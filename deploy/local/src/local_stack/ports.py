"""Who listens where, and whether a port is free for it."""

import socket
from typing import NamedTuple

from local_stack.errors import StackError
from local_stack.settings import Settings


class Listener(NamedTuple):
    """A port, the variable that names it, and who listens there, for a person."""

    port: int
    variable: str
    who: str


def listeners(settings: Settings, name: str) -> list[Listener]:
    """What a process of the stack listens on."""
    return {
        "kafka": [
            Listener(settings.kafka_port, "KAFKA_PORT", "Kafka"),
            Listener(settings.kafka_controller_port, "KAFKA_CONTROLLER_PORT", "Kafka's controller"),
        ],
        "postgres": [Listener(settings.postgres_port, "POSTGRES_PORT", "PostgreSQL")],
        "ingest": [Listener(settings.ingest_port, "INGEST_PORT", "the ingest service")],
        "timeline": [Listener(settings.timeline_port, "TIMELINE_PORT", "the timeline service")],
        "projector": [Listener(settings.projector_port, "PROJECTOR_PORT", "the projector's probes")],
        "replayer": [Listener(settings.replayer_port, "REPLAYER_PORT", "the replayer's probes")],
    }.get(name, [])


def require_port(listener: Listener) -> None:
    """Raises StackError, naming the port and the variable, if something else listens there."""
    port, variable, who = listener
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StackError(
                f"port {port} for {who} is taken by another program ({error.strerror}): "
                f"stop that, or choose another port with {variable}=…"
            ) from error
