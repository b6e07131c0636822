"""What the clients were told, kept compactly, and line by line in a file for whoever looks at a failed run."""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from tests.faults.soak.checker.language import Vector, covers, format_positions

LIVE_NAMES: Final = ("applied", "left", "duplicate", "rejected", "parked")
_PARTITION_BITS: Final = 48


def pack(partition: int, offset: int) -> int:
    """A position as one number."""
    return partition << _PARTITION_BITS | offset


def unpack(packed: int) -> tuple[int, int]:
    """Partition and offset of a packed position."""
    return packed >> _PARTITION_BITS, packed & (1 << _PARTITION_BITS) - 1


class Acknowledged(NamedTuple):
    """A record that was acknowledged at a position: what was said, and what the answer told about it."""

    position: int
    said: bytes
    event_id: str | None
    recorded_at: str | None = None
    accepted_at: str | None = None


@dataclass(slots=True)
class Said:
    """How often one thing was acknowledged, may have been recorded all the same, and was refused.

    `one_record` says that all its copies in the log must have the same record id.
    """

    acknowledged: int = 0
    unknown: int = 0
    refused: int = 0
    one_record: bool = False


class EventSeen(NamedTuple):
    """An event as a read showed it that asked for a position; `revision` is 0 where it was not found."""

    event_id: str
    asked: str
    revision: int
    position: str
    status: str
    content: bytes


class VerdictSeen(NamedTuple):
    """What a read said about a record."""

    position: str
    outcome: str
    problem: str | None
    revision: int | None
    duplicate_of: str | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "VerdictSeen":
        """What an answer says; raises KeyError where it lacks what each has."""
        position, outcome = body["position"], body["outcome"]
        return cls(position, outcome, body.get("problem"), body.get("revision"), body.get("duplicate_of"))


@dataclass(slots=True)
class Traversal:
    """A pair's timeline, page after page or as one stream, read at the position of its first page, so far as it came.

    `items` are (id, revision) in the order in which they were told.
    """

    pair: str
    at: Vector
    retracted: bool
    backwards: bool
    how: str
    items: list[tuple[str, int]] = field(default_factory=list)
    complete: bool = False


@dataclass(slots=True)
class LiveSession:
    """What one connection of a listener told: all that concerns `topic` (a pair, a country, or nothing) in between."""

    topic: str
    start: Vector
    end: Vector
    positions: "array[int]" = field(default_factory=lambda: array("Q"))
    names: bytearray = field(default_factory=bytearray)
    revisions: "array[int]" = field(default_factory=lambda: array("I"))


class LogExport(NamedTuple):
    """A range of the log as exported: how many records, and the digest of all their bytes one after the other."""

    partition: int
    start: int
    end: int
    records: int
    digest: bytes


@dataclass(slots=True)
class History:
    """All that was said and told. `broken` are promises that a client saw broken at once."""

    path: Path | None = None
    said: dict[bytes, Said] = field(default_factory=dict)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    without_position: int = 0
    events_seen: list[EventSeen] = field(default_factory=list)
    verdicts_seen: list[VerdictSeen] = field(default_factory=list)
    traversals: list[Traversal] = field(default_factory=list)
    live: list[LiveSession] = field(default_factory=list)
    exports: list[LogExport] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unavailable: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    _derived: dict[str, str] = field(default_factory=dict)
    _lines: list[bytes] = field(default_factory=list)

    def saying(self, said: bytes, *, one_record: bool = False) -> Said:
        """The counts of one thing that is said."""
        found = self.said.get(said)
        if found is None:
            found = self.said[said] = Said(one_record=one_record)
        return found

    def acknowledge(self, told: Acknowledged) -> None:
        """Note a record that was acknowledged at a position."""
        self.saying(told.said).acknowledged += 1
        self.acknowledged.append(told)

    def acknowledge_somewhere(self, said: bytes) -> None:
        """Note a record that was acknowledged without saying where."""
        self.saying(said).acknowledged += 1
        self.without_position += 1

    def same_id(self, of: str, event_id: str) -> None:
        """Note the id that was derived of something: it is the same each time."""
        if self._derived.setdefault(of, event_id) != event_id:
            self.break_promise(f"{of} made the event {event_id}, but {self._derived[of]} the time before")

    def break_promise(self, sentence: str) -> None:
        """Note that something was wrong on its face."""
        self.broken.append(sentence)
        self.write("broken", sentence=sentence)

    def positions(self, who: str, asked: Mapping[int, int], answered: Mapping[int, int]) -> None:
        """Note a read that asked for a position: its answer is not behind that."""
        self.answered["reads with a position"] += 1
        if not covers(answered, asked):
            self.break_promise(
                f"{who} asked for {format_positions(asked)} and was answered as at {format_positions(answered)}: "
                "the read went back"
            )

    def write(self, what: str, **fields: Any) -> None:
        """Add a line to the file, if there is one."""
        if self.path is None:
            return
        self._lines.append(orjson.dumps({"what": what, **fields}, default=str, option=orjson.OPT_NON_STR_KEYS))
        if len(self._lines) >= 500:
            self.flush()

    def flush(self) -> None:
        """Put into the file what waits for it."""
        if self.path is not None and self._lines:
            with self.path.open("ab") as file:
                file.write(b"\n".join([*self._lines, b""]))
            self._lines.clear()
