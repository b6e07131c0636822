"""Differences that a replay has found, as they are told: what is one thing to people is told once. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import orjson

from timeline_service.domain.changes import changes_between
from timeline_service.domain.difference_words import said
from timeline_service.web.differences import Piece, pieces_of_texts

_EVENT: Final = re.compile(r"event_id=([0-9a-f-]{36})")
#: What parts rows that are alike to people: a count is kept for each partition, and an event stands in many pairs.
_PARTED_BY: Final = re.compile(r"(?:, )?\b(partition|pair)=[^,]*")
_COUNTS: Final = frozenset({"pair_counts", "batch_counts", "name_counts"})


@dataclass(frozen=True, slots=True)
class DifferenceGroup:
    """A difference, and those that say the same of other partitions or pairs."""

    table: str
    key: str
    event_id: str | None
    #: The field, or None where a whole row is missing or too many.
    field: str | None
    live: tuple[Piece, ...]
    log: tuple[Piece, ...]
    positions: tuple[str, ...]
    #: In how many rows, and what they are parted by; empty for a single one.
    among: str


def grouped(differences: Iterable[Mapping[str, Any]]) -> Sequence[DifferenceGroup]:
    """The differences in their order, each with all that are one with it."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for item in chain.from_iterable(map(_by_field, differences)):
        groups.setdefault(_unit(item), []).append(item)
    return [_group(items) for items in groups.values()]


def event_ids(differences: Iterable[Mapping[str, Any]]) -> set[str]:
    """The events of which they tell."""
    return {found[1] for item in differences if (found := _EVENT.search(item["key"]))}


def _by_field(item: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """What differs in an event's content, field by field, where both sides are there whole."""
    log, live = (_content(item[side]) if item["field"] == "content" else None for side in ("log", "live"))
    changes = changes_between(log, live) if log and live else []
    if not changes:
        yield item
    for change in changes:
        field = f"content {change['pointer']}"
        yield {**item, "field": field, "live": change["after"], "log": change["before"]}


def _content(text: Any) -> Mapping[str, Any] | None:
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:  # it is shown by its beginning, where it is long
        return None
    return content if isinstance(content, dict) else None


def _unit(item: Mapping[str, Any]) -> tuple[Any, ...]:
    """What differences have in common that are one to people: altered counts are summed, all else is the same."""
    if _is_count(item):
        return item["table"], _shared_key(item), item["field"]
    if item["table"] == "entries" and item["field"] is not None:
        return item["table"], _shared_key(item), item["field"], said(item["live"], None), said(item["log"], None)
    return item["table"], item["key"], item["field"]


def _is_count(item: Mapping[str, Any]) -> bool:
    numbers = all(isinstance(item[side], int) for side in ("live", "log"))
    return item["table"] in _COUNTS and item["field"] in {"events", "records"} and numbers


def _shared_key(item: Mapping[str, Any]) -> str:
    """The key without what parts it; a count's pair is what it is of."""
    if item["table"] in _COUNTS:
        return re.sub(r"(?:, )?\bpartition=[^,]*", "", item["key"]).removeprefix(", ")
    return _PARTED_BY.sub("", item["key"]).removeprefix(", ")


def _group(items: Sequence[Mapping[str, Any]]) -> DifferenceGroup:
    first, several = items[0], len(items) > 1
    live, log = first["live"], first["log"]
    if several and _is_count(first):
        live, log = (sum(item[side] for item in items) for side in ("live", "log"))
    pieces = tuple(pieces_of_texts(said(log, live), said(live, log)))
    found = _EVENT.search(first["key"])
    return DifferenceGroup(
        table=first["table"],
        key=_shared_key(first) if several else first["key"],
        event_id=found[1] if found else None,
        field=first["field"],
        live=tuple(piece for piece in pieces if piece.kind != "gone"),
        log=tuple(piece for piece in pieces if piece.kind != "new"),
        positions=tuple(dict.fromkeys(item["position"] for item in items if item["position"])),
        among=_among(first["table"], len(items)) if several else "",
    )


def _among(table: str, rows: int) -> str:
    return f"in {rows:,} partitions together" if table in _COUNTS else f"alike in {rows:,} pairs"
