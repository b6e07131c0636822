"""Chunks of the live feed: what was projected between two vectors, as server-sent events for whoever asks.

Server-sent events are those of the WHATWG HTML standard, 9.2. An event's id is the whole vector behind it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from event_schemas.countries import pairs_of
from event_schemas.positions import format_position
from timeline_service.domain.vectors import Vector, timeline_position
from timeline_service.domain.views import event_view

Row = Mapping[str, Any]
#: The topic of everything; others are a pair's name or a country's code.
EVERYTHING: Final = ""


class Chunk:
    """The records from `start` to `end`: those of revisions (with `action`) and of other verdicts (with `outcome`).

    Rows come in the order in which they are told, which within a partition is the log's. One chunk serves any number
    of listeners: who listens to what is looked up, and what is sent is written once.
    """

    def __init__(self, start: Vector, end: Vector, rows: Sequence[Row]) -> None:
        self.start = start
        self.end = end
        self.size = len(rows)
        self._rows = rows
        self._ids: list[str] = []
        self._frames: dict[tuple[int, str], bytes] = {}
        self._told: dict[str, list[tuple[int, str]]] = defaultdict(list)
        reached = list(start)
        for number, row in enumerate(rows):
            reached[row["partition"]] = row["from_offset"] + 1
            self._ids.append(timeline_position(reached))
            for topic, name in _topics(row).items():
                self._told[topic].append((number, name))

    def frames(self, topic: str) -> list[bytes]:
        """The events of a topic."""
        return [self._frame(number, name) for number, name in self._told.get(topic, ())]

    def _frame(self, number: int, name: str) -> bytes:
        frame = self._frames.get((number, name))
        if frame is None:
            data = orjson.dumps(_data(self._rows[number]))
            frame = f"id: {self._ids[number]}\nevent: {name}\ndata: ".encode() + data + b"\n\n"
            self._frames[number, name] = frame
        return frame


def mark(vector: Vector) -> bytes:
    """A comment and an id without data: it dispatches nothing, and moves where a listener would resume."""
    return f": alive\nid: {timeline_position(vector)}\n\n".encode()


def _topics(row: Row) -> dict[str, str]:
    """Who is told of a record, and as what: where an event has left a pair or a country, that it has."""
    name = row.get("outcome", "applied")
    stands = _stands(row["content"])
    left = _stands(row.get("before")) - stands
    return {EVERYTHING: name, **dict.fromkeys(stands, name), **dict.fromkeys(left, "left")}


def _stands(content: str | None) -> set[str]:
    """The pairs and countries of an event."""
    if content is None:
        return set()
    event = orjson.loads(content)
    return {*pairs_of(event["countries"], event.get("initiators", ())), *event["countries"]}


def _data(row: Row) -> dict[str, Any]:
    data: dict[str, Any] = {
        "position": format_position(row["partition"], row["from_offset"]),
        "action": row.get("action"),
        "revision": row["revision"],
    }
    if "outcome" not in row:
        return data | {"event": event_view(row)}
    return data | ({"problem": row["problem"]} if row["problem"] is not None else {})
