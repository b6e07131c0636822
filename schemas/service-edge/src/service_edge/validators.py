"""Entity tags in conditions (RFC 9110, 8.8.3 and 13.1.2)."""

import re
from typing import Final

#: One member of the list, which may be empty, with what ends it. A comma may stand inside a tag.
_MEMBER: Final = re.compile(r'[ \t]*(?:(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*)?(?:,|\Z)')


def matches(if_none_match: str | None, tag: str) -> bool:
    """Whether an `If-None-Match` names an entity tag, or any (`*`); strength does not matter (RFC 9110, 8.8.3.2).

    A field that comes in several lines is their texts joined with commas. One that cannot be read names nothing:
    the whole answer is always right.
    """
    if if_none_match is None:
        return False
    if if_none_match.strip(" \t") == "*":
        return True
    opaque, found, at = tag.removeprefix("W/"), False, 0
    while at < len(if_none_match):
        member = _MEMBER.match(if_none_match, at)
        if member is None:
            return False
        found = found or member[1] == opaque
        at = member.end()
    return found
