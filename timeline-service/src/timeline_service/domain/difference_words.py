"""A difference that a replay has found, as people read it: both sides, of long values the part that differs."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, Final

import orjson

_LONGEST: Final = 200
#: So much of what is alike is shown before the place where two long values part.
_ALIKE: Final = 40


def sides_of(difference: Mapping[str, Any]) -> tuple[str, str]:
    """What is live, and what the log says. Nothing in it moves a cursor: what is not printable is escaped."""
    live, log = (said(difference[side], difference[other]) for side, other in (("live", "log"), ("log", "live")))
    if max(len(live), len(log)) <= _LONGEST:
        return live, log
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(live, log, strict=False)))
    start = max(0, alike - _ALIKE)
    return _cut(live, start), _cut(log, start)


def said(value: Any, other: Any) -> str:
    """A value of one side, beside that of the other; where a whole row is missing, so in words."""
    if value is None and isinstance(other, Mapping):
        return "no such row"
    return value if isinstance(value, str) and value.isprintable() else orjson.dumps(value).decode()


def _cut(text: str, start: int) -> str:
    part = text[start : start + _LONGEST]
    return f"{'…' if start else ''}{part}{'…' if len(text) > start + _LONGEST else ''}"
