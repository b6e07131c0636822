"""Server-sent events as a client reads them (WHATWG HTML standard, 9.2.5 and 9.2.6)."""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

#: Nothing else ends a line here: a text may hold what Unicode calls one, such as U+2028.
_LINE_END: Final = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event. One without data dispatches nothing in a browser, but its id says where to resume all the same."""

    id: str
    name: str
    data: str | None


class EventStreamReader:
    """Reads one stream, in pieces that may end anywhere. What is cut off within an event is none.

    `retry_seconds` is what the server has asked to wait before coming again, or None.
    """

    def __init__(self, last_id: str = "") -> None:
        self.retry_seconds: float | None = None
        self._id = last_id
        self._name = ""
        self._data: list[str] = []
        self._decoder = getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest: list[str] = []
        self._after_return = False

    def read(self, piece: bytes) -> Iterator[ServerSentEvent]:
        """The events that a piece completes."""
        text = self._decoder.decode(piece)
        if not text:
            return
        if self._after_return and text[0] == "\n":
            text = text[1:]  # the other half of a line's end
        self._after_return = text.endswith("\r")
        first, *more = _LINE_END.split(text)
        self._rest.append(first)
        for following in more:
            event = self._take("".join(self._rest))
            self._rest = [following]
            if event is not None:
                yield event

    def _take(self, line: str) -> ServerSentEvent | None:
        if not line:
            event = ServerSentEvent(self._id, self._name or "message", "\n".join(self._data) if self._data else None)
            self._name, self._data = "", []
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        elif field == "id" and "\0" not in value:
            self._id = value
        elif field == "retry" and value.isascii() and value.isdigit():
            self.retry_seconds = int(value) / 1000
        return None
