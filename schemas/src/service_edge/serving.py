"""One HTTP process: where it may listen, and how its log reads."""

import logging
import sys

import structlog
import uvicorn
from fastapi import FastAPI

from service_edge.doors import is_loopback


class NotLoopbackError(ValueError):
    """A host to listen on that others could reach, before authentication is configured."""


def serve(app: FastAPI, host: str, port: int) -> None:
    """Answer requests until a signal ends it; requests under way are answered first. Raises NotLoopbackError."""
    if not is_loopback(host):
        raise NotLoopbackError(
            f"{host} can be reached from outside, and no authentication is configured: listen on 127.0.0.1"
        )
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=20,
    )


def write_logs() -> None:
    """Log as one line an event to standard error, with RFC 3339 times; Kafka's client says only what is wrong."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(format="timestamp=%(asctime)s level=%(levelname)s logger=%(name)s event=%(message)s")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)
