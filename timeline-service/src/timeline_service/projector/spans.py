"""The spans of records that are followed in traces, from the look at their batch to its commit."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from event_schemas.positions import format_position
from service_edge.tracing import begin_span, is_tracing, parent_of, traceparent
from timeline_service.judge.decoding import DecodedRecord

if TYPE_CHECKING:
    from opentelemetry.trace import Span

#: Of one batch: a bulk of a million lines is one request, and so one trace.
_MAX_SPANS: Final = 50


@contextmanager
def projecting_spans(part: Sequence[DecodedRecord]) -> Iterator[Mapping[str, str]]:
    """Spans around a part of a batch; yields the `traceparent` of each by the record's position."""
    if not is_tracing():
        yield {}
        return
    spans: dict[str, Span] = {}
    for item in part:
        if len(spans) < _MAX_SPANS and (parent := parent_of(item.raw.headers)) is not None:
            position = format_position(item.raw.partition, item.raw.offset)
            known = {"dyadline.position": position, "dyadline.event": item.event_id or ""}
            spans[position] = begin_span("project", "consumer", parent=parent, attributes=known)
    try:
        yield {position: told for position, span in spans.items() if (told := traceparent(span)) is not None}
    finally:
        for span in spans.values():
            span.end()
