"""Tables as drafts, by a mapping: row by row, as they are read."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from ingest_service.importing.drafts import Complain, Draft, DroppedRowError, UnreadableRowError, Watch
from ingest_service.importing.mapped_events import RowReader
from ingest_service.importing.mapping import Mapping
from ingest_service.importing.mapping_columns import columns_of
from ingest_service.importing.seen_ids import SeenIds
from ingest_service.importing.table_rows import TableKind
from ingest_service.importing.tables import read_table, require_columns
from ingest_service.importing.tally import Tally

SAID_AGAIN: Final = "a row before says the same under its id"
SAID_OTHERWISE: Final = "a row before says something else under its id"


def table_drafts(
    paths: Sequence[Path], mapping: Mapping, kind: TableKind, tally: Tally, complain: Complain, watch: Watch
) -> Iterator[Draft]:
    """The events of the files' rows; raises FileError where a file cannot be read on, or lacks columns."""
    needed, reader = columns_of(mapping), RowReader(mapping)
    with SeenIds() as seen:
        for path in paths:
            for row in read_table(path, kind, lambda name, there: require_columns(needed, name, there), watch):
                tally.rows += 1
                try:
                    if row.trouble:
                        raise UnreadableRowError(_in_short(row.trouble), row.trouble)
                    event = reader.event(row.cells)
                    line = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
                    _once(event, line, seen)
                except DroppedRowError as reason:
                    tally.dropped[str(reason)] += 1
                except UnreadableRowError as reason:
                    tally.unreadable[str(reason)] += 1
                    complain(row.place, reason.detail, row.original)
                else:
                    yield Draft(event, row.place, written=line)


def _once(event: dict[str, Any], line: bytes, seen: SeenIds) -> None:
    if "id" not in event:
        return
    same = seen.before(event["id"], hashlib.sha256(line).digest()[:16])
    if same:
        raise DroppedRowError(SAID_AGAIN)
    if same is False:
        raise UnreadableRowError(SAID_OTHERWISE, f"{SAID_OTHERWISE}: name more columns in the mapping's `id`")


def _in_short(trouble: str) -> str:
    """A reason, one of few, of a trouble that tells numbers."""
    return "has not the cells of its header" if "cells: the header" in trouble else trouble.partition(":")[0]
