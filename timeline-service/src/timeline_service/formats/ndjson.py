"""NDJSON: an event on each line, as JSON reads have it; what `ingest post` takes again."""

from collections.abc import Sequence
from typing import Final

import orjson

from timeline_service.formats.format import FormatContext
from timeline_service.queries.views.events import EventView

NDJSON_TYPE: Final = "application/x-ndjson"


class Ndjson:
    """A line of JSON for each event."""

    name = "ndjson"
    accept_name = NDJSON_TYPE
    media_type = NDJSON_TYPE
    paged = False

    def begin(self, context: FormatContext) -> bytes:
        """Nothing."""
        return b""

    def write(self, context: FormatContext, events: Sequence[EventView], *, first: bool) -> bytes:
        """A line for each event."""
        return b"".join([orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in events])

    def end(self, context: FormatContext) -> bytes:
        """Nothing."""
        return b""
