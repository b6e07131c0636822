"""Drafts: events as an importer made them of rows, on their way to be posted."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import orjson


class DroppedRowError(Exception):
    """A row that is read, and no event between countries; the message is the reason, one of few."""


class UnreadableRowError(Exception):
    """A row that cannot be read; the message is the reason, one of few, and `detail` what was expected."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.detail = detail or reason


class Draft(NamedTuple):
    """An event, with the place of its first row and how many rows it was made of."""

    event: dict[str, Any]
    place: str
    rows: int = 1
    written: bytes = b""

    @property
    def line(self) -> bytes:
        """The event as JSON, which may be written already."""
        return self.written or orjson.dumps(self.event)


#: Told of each row or event that does not go in: where it stands, why, and what stood there.
Complain = Callable[[str, str, Any], None]


class Watch(Protocol):
    """Whoever looks on while an import goes on."""

    def begin(self, words: str, total: int, unit: str) -> None:
        """Something of so many parts begins, which are called so."""

    def advance(self, parts: int) -> None:
        """So many parts more are done."""


class Unwatched:
    """Nobody looks on."""

    def begin(self, words: str, total: int, unit: str) -> None:
        """Nothing."""

    def advance(self, parts: int) -> None:
        """Nothing."""
