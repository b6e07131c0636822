"""Traces (OpenTelemetry): one event followed from its POST through the log to its projection and to who listens.

They are off unless `OTEL_EXPORTER_OTLP_ENDPOINT` says where they go; what else there is to set is OpenTelemetry's own,
such as `OTEL_TRACES_SAMPLER`. They come with the extra `traces`, and without it nothing of it is loaded.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog

from service_edge.terminal import ExitStatus, leave

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

TRACEPARENT: Final = "traceparent"
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
Kind = Literal["server", "producer", "consumer", "internal"]
Attributes = Mapping[str, str | int]
_NONE: Final[Attributes] = {}
_tracer: "Tracer | None" = None


class TracesMissingError(Exception):
    """Traces are asked for, and what makes them is not installed."""


def trace_process(service: str) -> None:
    """Have a process trace if the environment wants it; ends its command where it cannot."""
    try:
        start_tracing(service)
    except TracesMissingError as error:
        leave(ExitStatus.USAGE, str(error))


def start_tracing(service: str, exporter: "SpanExporter | None" = None) -> None:
    """Trace from now on, if the environment says where to, or an exporter is given; raises TracesMissingError."""
    global _tracer  # noqa: PLW0603 - one process traces, or does not
    if exporter is None and not any(os.environ.get(name) for name in ENDPOINTS):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    except ImportError as error:
        raise TracesMissingError(
            f"{ENDPOINTS[1]} is set, and OpenTelemetry is not installed: install dyadline-service-edge[traces], "
            "or leave it out"
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": f"dyadline-{service}"}))
    processor = SimpleSpanProcessor(exporter) if exporter is not None else BatchSpanProcessor(OTLPSpanExporter())
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("dyadline")


def stop_tracing() -> None:
    """Trace no longer."""
    global _tracer  # noqa: PLW0603 - as above
    _tracer = None


def is_tracing() -> bool:
    """Whether anything is traced in this process."""
    return _tracer is not None


@contextmanager
def traced(name: str, kind: Kind, *, parent: str | None = None, attributes: Attributes = _NONE) -> "Iterator[Any]":
    """A span around what is done inside, below the current one or, if given, below a `traceparent` from elsewhere.

    Yields the span, or None where nothing is traced.
    """
    if _tracer is None:
        yield None
        return
    from opentelemetry import trace

    span = begin_span(name, kind, parent=parent, attributes=attributes)
    with trace.use_span(span, end_on_exit=True):
        bound = {"trace_id": f"{span.get_span_context().trace_id:032x}"} if kind == "server" else {}
        with structlog.contextvars.bound_contextvars(**bound):
            yield span


def begin_span(
    name: str, kind: Kind, *, parent: str | None = None, attributes: Attributes = _NONE, begun: int | None = None
) -> "Span":
    """A span that has begun now, or at a time in nanoseconds; whoever takes it ends it. Only while `is_tracing`."""
    from opentelemetry.trace import SpanKind

    assert _tracer is not None
    return _tracer.start_span(
        name, _context(parent), SpanKind[kind.upper()], attributes=dict(attributes), start_time=begun
    )


def traceparent(span: "Span | None" = None) -> str | None:
    """What others have to be told to go on below a span, or below the current one; None where that is not kept."""
    if _tracer is None:
        return None
    from opentelemetry import trace

    context = (span or trace.get_current_span()).get_span_context()
    if not context.is_valid or not context.trace_flags.sampled:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def _context(parent: str | None) -> "Context | None":
    if parent is None:
        return None
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({TRACEPARENT: parent}, Context())


def parent_of(headers: tuple[tuple[str, bytes | None], ...]) -> str | None:
    """The `traceparent` among a record's headers: whatever it is, a stranger may have written it."""
    for name, value in headers:
        if name == TRACEPARENT and value is not None:
            with suppress(UnicodeDecodeError):
                return value.decode("ascii")
    return None
