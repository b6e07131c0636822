"""Which code judges records, for a parked one is judged again as soon as that changes; and which code answers."""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable


@cache
def code_version() -> str:
    """The package's version and a digest of all code that a verdict can depend on: the language and the fold."""
    digest = hashlib.sha256()
    for folder in (files("event_schemas"), files("timeline_service") / "domain"):
        for file in sorted(_sources(folder), key=lambda item: item.name):
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return f"{version('dyadline-timeline-service')}+{digest.hexdigest()[:12]}"


def is_newer(one: str, other: str) -> bool:
    """Whether code is of a later release than other code; of two states of one release neither is."""
    return _release_of(one) > _release_of(other)


@cache
def release() -> str:
    """A digest of all code and statements that an answer can depend on, for its ETag."""
    digest = hashlib.sha256()
    for package in ("event_schemas", "timeline_service"):
        for file in sorted(_all_sources(files(package)), key=str):
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _release_of(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("+")[0].split(".") if part.isdecimal())


def _all_sources(folder: Traversable) -> Iterator[Traversable]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _all_sources(item)
        elif item.name.endswith((".py", ".json", ".sql")):
            yield item


def _sources(folder: Traversable) -> list[Traversable]:
    return [item for item in folder.iterdir() if item.name.endswith((".py", ".json"))]
