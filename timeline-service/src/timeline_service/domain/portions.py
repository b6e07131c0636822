"""How much is held at once of rows whose contents may be large: 1,000 events can be 256 MiB."""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol, TypeVar

#: Bytes of contents that come with their rows, and are answered in one piece; what lies beyond is read in portions.
WHOLE_BYTES: Final = 4 * 2**20
PORTION_BYTES: Final = 2**20
PORTION_ROWS: Final = 200


class Sized(Protocol):
    """A row, of whose contents it is known how many bytes they are."""

    @property
    def size(self) -> int:
        """The bytes."""


Row = TypeVar("Row", bound=Sized)


def portions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in their order, some at a time: by their `size`, at most PORTION_BYTES, or a single row of more."""
    held: list[Row] = []
    size = 0
    for row in rows:
        if held and (size + row.size > PORTION_BYTES or len(held) >= PORTION_ROWS):
            yield held
            held, size = [], 0
        held.append(row)
        size += row.size
    if held:
        yield held
