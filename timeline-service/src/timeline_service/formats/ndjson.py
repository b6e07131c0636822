"""NDJSON: an event on each line, as JSON reads have it; what `ingest post` takes again."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from timeline_service.formats.documents import Document


class Ndjson:
    """A line of JSON for each event."""

    name = "ndjson"
    accept_name = "application/x-ndjson"
    media_type = "application/x-ndjson"
    paged = False

    def begin(self, document: Document) -> bytes:
        """Nothing."""
        return b""

    def write(self, document: Document, events: Sequence[Mapping[str, Any]], *, first: bool) -> bytes:
        """A line for each event."""
        return b"".join([orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in events])

    def end(self, document: Document) -> bytes:
        """Nothing."""
        return b""
