"""How the log of every process reads."""

import logging
import sys

import structlog


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
