"""Which code judges records: a parked record is judged again as soon as that changes."""

import hashlib
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


def _sources(folder: Traversable) -> list[Traversable]:
    return [item for item in folder.iterdir() if item.name.endswith((".py", ".json"))]
