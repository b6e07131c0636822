"""Where a record stands in the log: `partition:offset`, and lists of positions, "up to and with"."""

import re
from collections.abc import Mapping
from typing import Final

_POSITION: Final = re.compile(r"(0|[1-9][0-9]{0,8}):(0|[1-9][0-9]{0,17})")


class PositionError(ValueError):
    """A position or a list of them that cannot be read; the message says what was expected."""


def format_position(partition: int, offset: int) -> str:
    """`3:17` for the record at offset 17 of partition 3."""
    return f"{partition}:{offset}"


def parse_position(text: str) -> tuple[int, int]:
    """The (partition, offset) of `3:17`; raises PositionError."""
    found = _POSITION.fullmatch(text)
    if found is None:
        raise PositionError(f"{text[:80]!r} is not a position: write partition:offset, such as 3:17")
    return int(found[1]), int(found[2])


def format_positions(offsets: Mapping[int, int]) -> str:
    """A `Timeline-Position`: the last offset of each partition, inclusive, in partition order."""
    return ",".join(format_position(partition, offset) for partition, offset in sorted(offsets.items()))


def parse_positions(text: str) -> dict[int, int]:
    """Read a `Timeline-Position` into partition → last offset, inclusive; raises PositionError."""
    offsets: dict[int, int] = {}
    for part in text.split(","):
        if not part.strip():
            if text.strip():
                raise PositionError("an empty entry in the list of positions: write 3:17,5:2")
            continue
        partition, offset = parse_position(part.strip())
        if partition in offsets:
            raise PositionError(f"partition {partition} stands twice: give one position for each partition")
        offsets[partition] = offset
    return offsets
