"""What a revision has changed, as people read it: the words that went and those that came."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, Literal

import orjson

from timeline_service.domain.changes import Change
from timeline_service.web.words import clipped, label, long_date

_WORD: Final = re.compile(r"\s+|\w+|[^\w\s]+")
#: Where more words differ, they are compared as a whole: one by one that takes time by the square of their number.
_MAX_WORDS: Final = 120
_MAX_SHOWN: Final = 1_200
#: Beside a change so many of the words that stay are shown.
_AROUND: Final = 16
Kind = Literal["same", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and whether it is in both revisions, in the one before, or in the one after."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that differs, and its text with what went and what came."""

    field: str
    pieces: tuple[Piece, ...]


def field_changes(change: Change, names: Mapping[str, str]) -> Iterable[FieldChange]:
    """A change as people read it. That it was retracted is told by what was done, not as a field."""
    pointer = change["pointer"]
    if pointer == "/status":
        return
    field = label(pointer.removeprefix("/").replace("/", " · ").replace("~1", "/").replace("~0", "~"))
    before, after = change["before"], change["after"]
    if isinstance(before, str) and isinstance(after, str) and pointer not in {"/when", "/type"}:
        yield FieldChange(field, tuple(pieces_of_texts(before, after)))
    elif isinstance(before, list | None) and isinstance(after, list | None):
        yield FieldChange(field, tuple(_pieces_of_lists(before or [], after or [], pointer, names)))
    else:
        sides: tuple[tuple[Kind, Any], ...] = (("gone", before), ("new", after))
        pieces = (Piece(kind, _said(value, pointer, names)) for kind, value in sides if value is not None)
        yield FieldChange(field, tuple(pieces))


def pieces_of_texts(before: str, after: str) -> Iterable[Piece]:
    """The texts as one: what both begin with, what differs, and what both end with."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    shorter = min(len(old), len(new))
    start = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    end = next((at for at in range(shorter - start) if old[-1 - at] != new[-1 - at]), shorter - start)
    old_end, new_end = len(old) - end, len(new) - end
    if start:
        yield Piece("same", _shortened(old[:start], at_start=True))
    yield from _pieces_between(old[start:old_end], new[start:new_end])
    if end:
        yield Piece("same", _shortened(old[old_end:], at_end=True))


def _pieces_between(old: Sequence[str], new: Sequence[str]) -> Iterable[Piece]:
    compared = max(len(old), len(new)) <= _MAX_WORDS
    whole = [("replace", 0, len(old), 0, len(new))]
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if compared else whole
    for tag, a, b, c, d in steps:
        if tag == "equal":
            yield Piece("same", _shortened(old[a:b]))
            continue
        if b > a:
            yield Piece("gone", clipped("".join(old[a:b]), _MAX_SHOWN))
        if d > c:
            yield Piece("new", clipped("".join(new[c:d]), _MAX_SHOWN))


def _shortened(words: Sequence[str], *, at_start: bool = False, at_end: bool = False) -> str:
    """Words that stay, as many as stand beside a change."""
    if len(words) <= 2 * _AROUND:
        return "".join(words)
    before = "" if at_start else "".join(words[:_AROUND])
    after = "" if at_end else "".join(words[-_AROUND:])
    return f"{before} … {after}"


def _pieces_of_lists(
    before: Sequence[Any], after: Sequence[Any], pointer: str, names: Mapping[str, str]
) -> Iterable[Piece]:
    """The items that went and those that came; the order alone changed where none did."""
    gone = [item for item in before if item not in after]
    came = [item for item in after if item not in before]
    if not gone and not came:
        yield Piece("same", "the order")
    for kind, items in (("gone", gone), ("new", came)):
        for item in items:
            yield Piece("gone" if kind == "gone" else "new", _said(item, pointer, names))


def _said(value: Any, pointer: str, names: Mapping[str, str]) -> str:
    if isinstance(value, str):
        if pointer in {"/countries", "/initiators"}:
            return names.get(value, value)
        if pointer == "/when":
            return f"{long_date(value)} ({value})"
        return clipped(label(value) if pointer == "/type" else value, _MAX_SHOWN)
    if isinstance(value, dict) and pointer in {"/sources", "/actors"}:
        return clipped(", ".join(str(part) for part in value.values()), _MAX_SHOWN)
    return clipped(orjson.dumps(value).decode(), _MAX_SHOWN)
