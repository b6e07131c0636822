"""Records that are followed in traces, until they are pushed: the projector says below which spans."""

import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, NamedTuple

import orjson

from event_schemas.positions import format_position
from service_edge.tracing import begin_span
from timeline_service.domain.feed import Notice

_KEPT: Final = 10_000


class Followed(NamedTuple):
    """The span below which a record is pushed, and since when it can be, in nanoseconds."""

    parent: str
    since: int


class FollowedRecords:
    """The last of them. Whoever is pushed one that nobody follows, or long after it was projected, leaves no span."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Followed] = OrderedDict()

    def hear(self, payload: str) -> None:
        """Take note of what a projector says: a position with each record's span."""
        for position, parent in orjson.loads(payload).items():
            self._kept[position] = Followed(parent, time.time_ns())
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def pushed(self, notices: Iterable[Notice]) -> None:
        """A listener is sent some records."""
        for notice in notices if self._kept else ():
            position = format_position(notice.item.partition, notice.item.offset)
            if (followed := self._kept.get(position)) is not None:
                known = {"dyadline.position": position}
                begin_span("push", "producer", parent=followed.parent, attributes=known, begun=followed.since).end()
