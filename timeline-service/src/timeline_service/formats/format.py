"""What every output format is told, and what it does: it writes events as bytes, without a state of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from timeline_service.queries.views.events import EventView


@dataclass(frozen=True, slots=True)
class FormatContext:
    """What a document is about and where it stands: absolute URLs."""

    title: str
    #: Of this very document, as asked for.
    url: str
    #: The service's root, without a slash at the end.
    base: str
    #: Paging (RFC 5005), for formats that page.
    first_url: str | None = None
    next_url: str | None = None
    #: The newest `revised_at` among the events of this page.
    updated: str | None = None
    #: The page that shows the same selection to people.
    page_url: str | None = None

    def event_url(self, event_id: str) -> str:
        """The page on which people read an event."""
        return f"{self.base}/events/{event_id}"


class Format(Protocol):
    """A writer: what `begin`, any number of `write` and `end` give, one after the other, is a whole document.

    An event is what `queries.views.events.event_view` makes. `name` is also the suffix in an address, `accept_name` the
    media type by which an Accept header asks for it, and `media_type` the Content-Type of the answer. A format that is
    not `paged` holds the whole selection.
    """

    name: str
    accept_name: str
    media_type: str
    paged: bool

    def begin(self, context: FormatContext) -> bytes:
        """What stands before the first event."""
        ...

    def write(self, context: FormatContext, events: Sequence[EventView], *, first: bool) -> bytes:
        """A batch of events; `first` where no event was written before."""
        ...

    def end(self, context: FormatContext) -> bytes:
        """What stands after the last event."""
        ...
