"""A naive timeline: every event with all of its revisions in plain Python, and what the contract reads from them."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.support.running.timeline_stacks import TimelineStack
from tests.support.waiting import wait_until

from event_schemas.countries import pairs_of
from event_schemas.dates import When, parse_when
from event_schemas.events import Event, content_of, read_event
from event_schemas.positions import format_positions, parse_position
from event_schemas.records import Record, format_time
from timeline_service.judge.days import OPEN_END, OPEN_START


@dataclass(frozen=True, slots=True)
class Standing:
    """An event as one of its revisions leaves it."""

    event_id: str
    event: Event
    digest: str
    first_accepted_at: datetime
    revision: int
    retracted: bool
    position: str
    batch: str | None

    @property
    def when(self) -> When:
        """Its date."""
        return parse_when(self.event.when)

    @property
    def pairs(self) -> list[str]:
        """The pairs to which it belongs."""
        return pairs_of(self.event.countries, self.event.initiators or [])

    @property
    def valence(self) -> str | None:
        """Its own valence, or the one that its type has."""
        found: str | None = content_of(self.event).get("valence")
        return found

    @property
    def texts(self) -> list[str]:
        """What full text search looks at."""
        actors = [actor["name"] for actor in self.event.actors or ()]
        return [self.event.title, self.event.summary or "", *actors, *(self.event.tags or ())]

    @property
    def order(self) -> tuple[date, date, datetime, str]:
        """The contract's order."""
        when = self.when
        return when.earliest or OPEN_START, when.latest or OPEN_END, self.first_accepted_at, self.event_id


class TimelineModel:
    """All that was ever told, by moments: a moment is the number of records so far."""

    def __init__(self) -> None:
        self.moment = 0
        self._lives: dict[str, list[tuple[int, Standing]]] = {}

    def tell(self, record: Record, position: str) -> None:
        """The log's next record. What the contract's verdicts do not apply changes nothing."""
        self.moment += 1
        life = self._lives.get(record.event_id)
        before = life[-1][1] if life else None
        if record.on_existing is not None and before is not None:
            if before.retracted:
                return  # what was withdrawn, a feed does not bring back
        elif (before is None) != (record.action == "recorded"):
            return  # known already, or not at all
        if before is not None and record.expected_revision not in {None, before.revision}:
            return
        if before is not None and before.retracted and record.action == "retracted":
            return
        if before is not None and not before.retracted and record.digest == before.digest:
            return
        event = read_event(record.event_json) if record.event else before.event if before else None
        digest = record.digest or (before.digest if before else None)
        assert event is not None
        assert digest is not None
        standing = Standing(
            record.event_id,
            event,
            digest,
            before.first_accepted_at if before else record.accepted_at,
            before.revision + 1 if before else 1,
            record.action == "retracted",
            position,
            record.batch,
        )
        self._lives.setdefault(record.event_id, []).append((self.moment, standing))

    def standing(self, moment: int | None = None) -> list[Standing]:
        """All events as they stood at a moment, also retracted ones, in the contract's order."""
        at = self.moment if moment is None else moment
        found = []
        for life in self._lives.values():
            if count := bisect_right(life, at, key=lambda revision: revision[0]):
                found.append(life[count - 1][1])
        return sorted(found, key=lambda standing: standing.order)

    def pairs(self, moment: int | None = None, country: str | None = None) -> dict[str, dict[str, Any]]:
        """The pairs that have events, by name: count, first and last date."""
        members: dict[str, list[Standing]] = {}
        for standing in self.standing(moment):
            for pair in standing.pairs:
                if not standing.retracted and (country is None or country in pair.split("-")):
                    members.setdefault(pair, []).append(standing)
        return {pair: {"count": len(events), **bounds_of(events)} for pair, events in sorted(members.items())}


def bounds_of(events: Iterable[Standing]) -> dict[str, str | None]:
    """The first and the last known date of events."""
    whens = [standing.when for standing in events]
    return {
        "first": min((str(when.earliest) for when in whens if when.earliest), default=None),
        "last": max((str(when.latest) for when in whens if when.latest), default=None),
    }


class ToldTimeline:
    """A stack and the model of its log, told the same."""

    def __init__(self, stack: TimelineStack) -> None:
        self.stack = stack
        self.model = TimelineModel()
        self._ends: dict[int, int] = {}

    @property
    def position(self) -> dict[str, str]:
        """The header by which a read answers for all that was appended."""
        return {"timeline-position": format_positions(self._ends)} if self._ends else {}

    async def append(self, *records: Record) -> None:
        """Append records to the log, one after the other, and tell the model."""
        for record, position in zip(records, await self.stack.log.append(*records), strict=True):
            self.model.tell(record, position)
            partition, offset = parse_position(position)
            self._ends[partition] = offset

    async def instant(self) -> tuple[str, int]:
        """A time that lies after all that was appended and before all that comes, and the model's moment."""
        time = datetime.now(UTC) + timedelta(milliseconds=2)
        await wait_until(lambda: datetime.now(UTC) > time + timedelta(milliseconds=5))
        return format_time(time), self.model.moment
