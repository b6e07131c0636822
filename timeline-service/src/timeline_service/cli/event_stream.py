"""Server-sent events as a client reads them (WHATWG HTML standard, 9.2.6)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event; a sign of life has no data, and its id says where to resume all the same."""

    id: str
    name: str
    data: str | None


def read_event_stream(lines: Iterable[str], last_id: str = "") -> Iterator[ServerSentEvent]:
    """The events in a stream's lines, which come without their ends. A block that the stream cuts off is dropped."""
    name, data = "", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            yield ServerSentEvent(last_id, name or "message", "\n".join(data) if data else None)
            name, data = "", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and "\0" not in value:
            last_id = value
