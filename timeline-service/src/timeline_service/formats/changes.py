"""The formats that what has changed is written in, beside JSON: CSV and NDJSON, a line for each event."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import orjson

from timeline_service.formats.comma_separated import CSV_TYPE, json_cell, text_cell, write_lines
from timeline_service.formats.ndjson import NDJSON_TYPE
from timeline_service.queries.views.changes import ChangedView

_COLUMNS: Final = (
    "change", "id", "title", "when", "revision_before", "revision", "action", "recorded_at", "principal", "reason",
    "position", "changes", "revisions",
)  # fmt: skip


class ChangesFormat(Protocol):
    """A writer: what `begin` and any number of `write` give, one after the other, is a whole document."""

    media_type: str

    def begin(self) -> bytes:
        """What stands before the first event."""
        ...

    def write(self, items: Sequence[ChangedView]) -> bytes:
        """A batch of events."""
        ...


class CommaSeparatedChanges:
    """Each event as it is, or was last, and the last of its revisions; what is structured is JSON."""

    media_type = CSV_TYPE

    def begin(self) -> bytes:
        """The header line."""
        return write_lines([_COLUMNS])

    def write(self, items: Sequence[ChangedView]) -> bytes:
        """A line for each event."""
        return write_lines(map(_line, items))


class NdjsonChanges:
    """A line of JSON for each event."""

    media_type = NDJSON_TYPE

    def begin(self) -> bytes:
        """Nothing."""
        return b""

    def write(self, items: Sequence[ChangedView]) -> bytes:
        """A line for each event."""
        return b"".join([orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE) for item in items])


#: Each format by its name, which is also the suffix behind the dot.
CHANGES_FORMATS: Final[Mapping[str, ChangesFormat]] = {"csv": CommaSeparatedChanges(), "ndjson": NdjsonChanges()}


def _line(item: ChangedView) -> list[Any]:
    shown = item["event"] if "event" in item else item["before"]
    last = item["revisions"][-1]
    return [
        item["change"],
        shown["id"],
        text_cell(shown["title"]),
        text_cell(shown["when"]),
        item["before"]["revision"] if "before" in item else None,
        last["revision"],
        last["action"],
        last["recorded_at"],
        text_cell(last["principal"]),
        text_cell(last["reason"]),
        last["position"],
        json_cell(item["changes"]),
        json_cell(item["revisions"]),
    ]
