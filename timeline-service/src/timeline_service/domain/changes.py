"""What differs between two revisions of an event, field by field."""

from collections.abc import Mapping
from typing import Any, TypedDict


class Change(TypedDict):
    """A field that differs: where, as it was and as it is."""

    pointer: str
    before: Any
    after: Any


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any], at: str = "") -> list[Change]:
    """A change for each field that differs, by pointer (RFC 6901).

    Objects are compared member by member, lists as a whole; null stands for what is not there.
    """
    changes: list[Change] = []
    for name in sorted(before.keys() | after.keys()):
        pointer = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            changes += changes_between(old, new, pointer)
        elif not _same(old, new):
            changes.append({"pointer": pointer, "before": old, "after": new})
    return changes


def _same(old: Any, new: Any) -> bool:
    """Equality of JSON values: in Python 1, 1.0 and True are equal, in a record they are not."""
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(_same(a, b) for a, b in zip(old, new, strict=True))
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(_same(old[name], new[name]) for name in old)
    return type(old) is type(new) and old == new
