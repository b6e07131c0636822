"""How the log of every process reads: one line an event, ours and those of libraries alike."""

import logging
import os
import re
import sys
from typing import Final

import structlog

#: What a terminal would obey, or a reader take for the end of a line, but LF, which is escaped with the rest.
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
#: A password in an address, and a credential of a header, whoever has put them into a text.
_SECRET: Final = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)|(\bBearer )[^\s\"']+", re.IGNORECASE)
_SHARED: Final[tuple[structlog.typing.Processor, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def write_logs() -> None:
    """Log to standard error, with RFC 3339 times in UTC; Kafka's client says only what is wrong.

    `LOG_FORMAT=json` makes each line an object; without it lines are logfmt. No line end of a text ends a line.
    `LOG_LEVEL` is the least that is logged: `debug`, `info` (the default), `warning`, `error`.
    """
    level = _LEVELS.get(os.environ.get("LOG_LEVEL", "").lower(), logging.INFO)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[*_SHARED, structlog.processors.format_exc_info, _fit_for_a_log, _renderer()],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _fit_for_a_log,
                _renderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], force=True)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)


def _fit_for_a_log(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Texts without secrets, and without what is no text."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _cleaned(value)
    return event


def _cleaned(text: str) -> str:
    if "://" in text or "earer " in text:
        text = _SECRET.sub(lambda found: f"{found[1] or found[2]}***", text)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _renderer() -> structlog.typing.Processor:
    if os.environ.get("LOG_FORMAT") == "json":
        return structlog.processors.JSONRenderer()
    return structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
