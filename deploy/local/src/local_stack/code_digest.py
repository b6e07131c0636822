"""What code a process runs, so that a new release is not taken for running where the old one still does."""

import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_SHARED = ("event_schemas", "service_edge")


@cache
def code_digest(package: str) -> str:
    """A digest of all sources of a package and of what it shares with the others, as they were when first asked for.

    Of what is started from newer ones later it says too little: the next `make up` starts that again.
    """
    digest = hashlib.sha256()
    for name in (*_SHARED, package):
        _add(digest, files(name))
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", folder: Traversable) -> None:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            _add(digest, item)
        elif not item.name.endswith((".pyc", ".so")):
            digest.update(item.name.encode() + b"\0" + item.read_bytes() + b"\0")
