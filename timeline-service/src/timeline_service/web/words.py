"""How pages say things: dates, times, counts, codes and signs. English, and the same everywhere."""

import re
from calendar import month_name
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from event_schemas.dates import parse_when
from timeline_service.domain.date_words import say_when

#: A valence's sign, which says it without a colour.
SIGNS: Final = {"cooperative": "+", "conflictual": "\N{MINUS SIGN}", "neutral": "\N{MIDDLE DOT}"}
_MONTH: Final = re.compile(rf"\b({'|'.join(name for name in month_name[1:] if len(name) > 4)})\b")
_SPAN: Final = re.compile(r"from (?P<start>[^,]+?) to (?P<end>[^,]+)")
_STEPS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
_MONTH_DAYS: Final = 60


def brief_date(text: str) -> str:
    """An EDTF date in few words, for a column: `20 Oct – 21 Nov 1962`."""
    words = _MONTH.sub(lambda found: found[0][:3], say_when(parse_when(text)))
    span = _SPAN.fullmatch(words)
    if span is None:
        return words
    shared: list[str] = []
    start, end = span["start"].split(), span["end"].split()
    while len(start) > 1 and len(end) > 1 and start[-1] == end[-1]:
        start, end, shared = start[:-1], end[:-1], [end[-1], *shared]
    # Neither end is broken at the end of a line.
    return " – ".join("\N{NO-BREAK SPACE}".join(side) for side in (start, [*end, *shared]))


def long_date(text: str) -> str:
    """An EDTF date in words."""
    return say_when(parse_when(text))


def machine_date(text: str) -> str | None:
    """The date as HTML's `datetime` takes it, if it is a certain day, month or year."""
    return text if re.fullmatch(r"[0-9]{4}(-(0[1-9]|1[0-2])(-[0-9]{2})?)?", text) else None


def instant(time: str) -> str:
    """An instant to the second: `2026-11-30 22:53:07 UTC`."""
    return f"{time[:19].replace('T', ' ')} UTC"


def ago(time: str, now: datetime) -> str:
    """How long ago an instant was: `4 minutes ago`."""
    passed = max(now - datetime.fromisoformat(time), timedelta(0))
    if passed.days > _MONTH_DAYS:
        return f"on {time[:10]}"
    for seconds, name in _STEPS:
        if count := int(passed.total_seconds()) // seconds:
            return f"{number(count, name)} ago"
    return "just now"


def number(count: int, what: str) -> str:
    """So many of something: `1 source`, `1,204 sources`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def signed(valence: str) -> str:
    """A valence's sign in front of words; that of a neutral one would be taken for a point between them."""
    return f"{SIGNS[valence]} " if valence != "neutral" else ""


def label(code: str) -> str:
    """A code of the taxonomy as words: `armed_clash` is `armed clash`."""
    return code.replace("_", " ")


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them: `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def clipped(text: str, most: int) -> str:
    """The beginning of a text that is longer than so many characters."""
    return text if len(text) <= most else f"{text[:most]}…"
