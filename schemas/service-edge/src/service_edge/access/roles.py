"""Roles, and principals who have them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from event_schemas.records import ANONYMOUS


class Role(StrEnum):
    """What somebody may do."""

    READ = "read"
    WRITE = "write"
    AUDIT = "audit"
    OPERATE = "operate"


Roles = frozenset[Role]
EVERY_ROLE: Final[Roles] = frozenset(Role)
NO_ROLE: Final[Roles] = frozenset()
_NAME: Final = re.compile(r"[A-Za-z0-9._@:-]{1,128}")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who has a credential, what that allows, and the moment (seconds since 1970) from which it does not."""

    name: str
    roles: Roles
    expires: float | None = None


def read_name(name: object) -> str:
    """A principal's name; raises ValueError for what cannot stand in the log as one."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{str(name)[:80]!r} is not a name: expected 1 to 128 of A-Z, a-z, 0-9 and . _ @ : -")
    if name == ANONYMOUS:
        raise ValueError(f"{ANONYMOUS} is who has no credential: take another name")
    return name


def read_roles(names: Iterable[object]) -> Roles:
    """Roles by their names; raises ValueError for one that is none."""
    found = set()
    for name in names:
        if name not in tuple(Role):
            raise ValueError(f"{str(name)[:80]!r} is not a role: expected {', '.join(Role)}")
        found.add(Role(str(name)))
    return frozenset(found)


def roles_in_words(roles: Iterable[Role]) -> str:
    """Roles as they are named in a sentence."""
    return " or ".join(role for role in Role if role in {*roles})
