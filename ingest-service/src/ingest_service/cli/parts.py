"""What commands send: lines with their places, and what is known of each once the log has it."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol, Self

from event_schemas.positions import format_position, parse_position


class Part(NamedTuple):
    """A line of NDJSON without its end, where it stands for people, and of how many rows it was made."""

    line: bytes
    place: str
    rows: int = 1


class Receipt(NamedTuple):
    """A part that the log has: where, of which event, and as which of the lines it was sent."""

    partition: int
    offset: int
    event_id: str
    number: int
    rows: int
    place: str
    line: str

    @classmethod
    def of(cls, position: str, event_id: str, number: int, part: Part) -> Self:
        """The receipt of a part that was answered with a position."""
        return cls(*parse_position(position), event_id, number, part.rows, part.place, part.line.decode())

    @property
    def position(self) -> str:
        """Where its record stands."""
        return format_position(self.partition, self.offset)


class Teller(Protocol):
    """Whoever is told what did not go in: what the service said of a line, and what became of a record."""

    def refused(self, said: dict[str, Any], part: Part) -> None:
        """A line was refused."""

    def rejected(self, outcome: dict[str, Any], receipt: Receipt) -> None:
        """A record was rejected."""


def numbered(name: str, lines: Iterable[bytes]) -> Iterator[Part]:
    """Lines as parts, which are called so and counted from 1."""
    for number, line in enumerate(lines, start=1):
        yield Part(line.rstrip(b"\n"), f"{name} {number}")
