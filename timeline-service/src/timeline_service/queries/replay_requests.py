"""Requests for replays: what is to be replayed, and until when, as JSON says it."""

from collections.abc import Iterator, Mapping
from typing import Any

from event_schemas.errors import Detail
from event_schemas.refusals import MAX_DETAILS
from timeline_service.adapters.kafka.offsets import KafkaOffsets
from timeline_service.domain.replays import Kind, Until
from timeline_service.domain.vectors import OffsetVector
from timeline_service.errors import InvalidReplayError
from timeline_service.queries.read_points import past_instant


async def read_request(value: Any, offsets: KafkaOffsets) -> tuple[Kind, Until | None]:
    """What a JSON value asks for, and until when; raises InvalidReplayError."""
    kind, asked = _read_fields(value)
    if asked is None:
        return kind, None
    if "recorded_at" in asked:
        return kind, Until(recorded_at=past_instant(asked["recorded_at"]))
    return kind, Until(next_offsets=await _read_offsets(asked["next_offsets"], offsets))


def _read_fields(value: Any) -> tuple[Kind, Mapping[str, Any] | None]:
    if not isinstance(value, dict):
        raise InvalidReplayError([Detail("", 'is no object: send one, such as {"kind": "verify"}')])
    details = [*_strangers(value, "", ("kind", "until"))]
    if value.get("kind") not in ("verify", "rebuild"):
        details.append(Detail("/kind", "expected verify or rebuild"))
    if "until" in value:
        details += _wrong_until(value["until"])
    if details:
        raise InvalidReplayError(details[:MAX_DETAILS])
    return value["kind"], value.get("until")


def _wrong_until(until: Any) -> Iterator[Detail]:
    if not isinstance(until, dict):
        yield Detail("/until", "is no object: send next_offsets or recorded_at in one, or leave until out")
        return
    yield from _strangers(until, "/until", ("next_offsets", "recorded_at"))
    if ("next_offsets" in until) == ("recorded_at" in until):
        yield Detail("/until", "expected either next_offsets or recorded_at")
    if "next_offsets" in until and not isinstance(until["next_offsets"], dict | list):
        yield Detail(
            "/until/next_offsets", 'expected an offset for each partition, such as {"0": 12, "1": 7} or [12, 7]'
        )
    if "recorded_at" in until:
        try:
            past_instant(str(until["recorded_at"]))
        except ValueError as error:
            yield Detail("/until/recorded_at", str(error))


def _strangers(value: Mapping[str, Any], pointer: str, known: tuple[str, ...]) -> Iterator[Detail]:
    for name in value:
        if name not in known:
            yield Detail(f"{pointer}/{_token(name)}", f"is not a field here: expected {' or '.join(known)}")


async def _read_offsets(given: Mapping[str, Any] | list[Any], offsets: KafkaOffsets) -> OffsetVector:
    """The offsets of all partitions, by their names or in their order; raises InvalidReplayError."""
    named = given if isinstance(given, Mapping) else {str(number): offset for number, offset in enumerate(given)}
    ends = {str(number): end for number, (_, end) in (await offsets.bounds()).items()}
    there = f"the log has the partitions 0 to {len(ends) - 1}"
    details = []
    for name, offset in named.items():
        pointer = f"/until/next_offsets/{_token(name)}"
        if name not in ends:
            details.append(Detail(pointer, f"is no partition: {there}"))
        elif not isinstance(offset, int) or isinstance(offset, bool) or not 0 <= offset <= ends[name]:
            details.append(Detail(pointer, f"expected a whole number from 0 to {ends[name]}, where the log ends"))
    if missing := ends.keys() - named.keys():
        details.append(Detail("/until/next_offsets", f"misses partition {min(missing, key=int)}: {there}"))
    if details:
        raise InvalidReplayError(details[:MAX_DETAILS])
    return tuple(named[name] for name in ends)


def _token(name: str) -> str:
    """A name within a JSON Pointer."""
    return name[:80].replace("~", "~0").replace("/", "~1")
