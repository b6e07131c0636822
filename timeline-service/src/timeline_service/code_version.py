"""Which code judges records, for a parked one is judged again as soon as that changes; and which code answers."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from timeline_service.judge.trusted_keys import TrustedKeys

#: Where the code stands on which a verdict depends: the language and the judge, with all that is below them.
_JUDGING: Final = ("event_schemas", "timeline_service.judge")
_KEYS: Final = ".keys-"


@cache
def code_version() -> str:
    """The package's version and a digest of all code that a verdict can depend on."""
    return f"{version('dyadline-timeline-service')}+{_digest(judging_files(), 12)}"


def judged_by(trusted: TrustedKeys | None) -> str:
    """All that a verdict depends on beside the log: the code, and the keys by which records are trusted, if any are."""
    return code_version() if trusted is None else f"{code_version()}{_KEYS}{trusted.digest}"


def keys_of(judged: str) -> str:
    """The digest of the keys by which somebody has judged, as `judged_by` says; empty if by none."""
    return judged.partition(_KEYS)[2]


def key_words(keys: str) -> str:
    """Such a digest in words."""
    return f"the trusted keys {keys}" if keys else "no trusted keys"


def judging_files() -> dict[str, Traversable]:
    """The files that a verdict can depend on, by package and path."""
    return {name: file for package in _JUDGING for name, file in _files(package, (".py", ".json"))}


def is_newer(one: str, other: str) -> bool:
    """Whether code is of a later release than other code; of two states of one release neither is."""
    return _release_of(one) > _release_of(other)


@cache
def release() -> str:
    """A digest of all code and statements that an answer can depend on, for its ETag."""
    packages = ("event_schemas", "timeline_service")
    return _digest({name: file for each in packages for name, file in _files(each, (".py", ".json", ".sql"))}, 16)


def _release_of(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("+")[0].split(".") if part.isdecimal())


def _digest(sources: Mapping[str, Traversable], length: int) -> str:
    digest = hashlib.sha256()
    for name, file in sources.items():
        digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:length]


def _files(package: str, kinds: tuple[str, ...]) -> list[tuple[str, Traversable]]:
    return sorted(_below(package.replace(".", "/"), files(package), kinds))


def _below(name: str, folder: Traversable, kinds: tuple[str, ...]) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _below(f"{name}/{item.name}", item, kinds)
        elif item.name.endswith(kinds):
            yield f"{name}/{item.name}", item
