"""How much is held at once of rows whose contents may be large: 1,000 events can be 256 MiB."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

Row = Mapping[str, Any]
#: Bytes of contents that come with their rows, and are answered in one piece; what lies beyond is read in portions.
WHOLE_BYTES: Final = 4 * 2**20
PORTION_BYTES: Final = 2**20
PORTION_ROWS: Final = 200


def portions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in their order, some at a time: by their `size`, at most PORTION_BYTES, or a single row of more."""
    held: list[Row] = []
    size = 0
    for row in rows:
        if held and (size + row["size"] > PORTION_BYTES or len(held) >= PORTION_ROWS):
            yield held
            held, size = [], 0
        held.append(row)
        size += row["size"]
    if held:
        yield held
