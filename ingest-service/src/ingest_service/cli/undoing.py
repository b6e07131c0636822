"""How a load is undone: what stands as the load has left it is retracted, and the rest is listed."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import orjson

from ingest_service.cli.timeline import Timeline

_LONGEST_NAME: Final = 128


class Left(NamedTuple):
    """An event of the load that is left as it is, and why."""

    event_id: str
    title: str
    why: str


class Load:
    """A load, as the timeline service knows it."""

    def __init__(self, timeline: Timeline, name: str, about: dict[str, Any]) -> None:
        self.name = name
        self.left: list[Left] = []
        self._timeline = timeline
        self._last_at = about["last_at"]

    @property
    def undoing(self) -> str:
        """The name of the load of its retractions, which tells what becomes of them."""
        return f"undo:{self.name}"[:_LONGEST_NAME]

    def standing(self) -> int:
        """How many events say what the load brought."""
        count: int = self._timeline.get("/v1/events", batch=self.name, count="true", limit=1)["count"]
        return count

    def pairs(self) -> list[tuple[str, int]]:
        """The pairs of these events with their numbers, the largest first."""
        items = self._timeline.items("/v1/timelines", batch=self.name, order="count")
        return [(item["pair"], item["count"]) for item in items]

    def retractions(self, reason: str) -> Iterator[bytes]:
        """What undoes it, in lines; what it leaves as it is goes to `left`.

        An event that was there before the load, which it has only corrected, is left: to retract it would take away
        more than the load has brought.
        """
        now = self._timeline.items("/v1/events", batch=self.name)
        then = self._timeline.items("/v1/events", batch=self.name, as_of=self._last_at)
        for event, stands in compare(then, now):
            if not stands:
                self._leave(event, self._what_became_of(event["id"]))
            elif event["revision"] > 1 and not self._brought(event["id"]):
                self._leave(event, "was there before the load, which has corrected it")
            else:
                yield orjson.dumps(_retraction(event, reason), option=orjson.OPT_APPEND_NEWLINE)

    def _leave(self, event: dict[str, Any], why: str) -> None:
        self.left.append(Left(event["id"], event["title"], why))

    def _brought(self, event_id: str) -> bool:
        """Whether the load alone has made an event what it is."""
        history = self._timeline.get(f"/v1/events/{event_id}/revisions")["items"]
        return all(revision.get("batch") == self.name for revision in history)

    def _what_became_of(self, event_id: str) -> str:
        event = self._timeline.get(f"/v1/events/{event_id}")
        return "retracted since" if event["status"] == "retracted" else f"changed since: revision {event['revision']}"


def find_load(timeline: Timeline, name: str) -> Load | None:
    """The load of a name, or None if no record names it."""
    about = timeline.find(f"/v1/batches/{quote(name, safe='')}")
    return Load(timeline, name, about) if about is not None else None


def compare(then: Iterable[dict[str, Any]], now: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Events as the load left them, each with whether it stands so now: both come in the contract's order.

    An event that stands has the same place in both, so none has to be remembered. What the load has brought since
    stands as well.
    """
    standing = iter(now)
    current = next(standing, None)
    for event in then:
        while current is not None and _place(current) < _place(event):
            yield current, True
            current = next(standing, None)
        if current is not None and current["id"] == event["id"]:
            yield current, True
            current = next(standing, None)
        else:
            yield event, False
    if current is not None:
        yield current, True
    for rest in standing:
        yield rest, True


def _place(event: dict[str, Any]) -> tuple[str, str, str, str]:
    """An event's place in the contract's order: an open start lies before every day, an open end behind."""
    return event["earliest"] or "", event["latest"] or "9999-99-99", event["accepted_at"], event["id"]


def _retraction(event: dict[str, Any], reason: str) -> dict[str, Any]:
    return {"action": "retract", "id": event["id"], "reason": reason, "expected_revision": event["revision"]}
