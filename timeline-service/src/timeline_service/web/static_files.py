"""`/static`: styles, scripts and pictures of pages, each with the digest of its content in its name."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request, Response

from service_edge.encodings import accepts_gzip, gzip_bytes
from service_edge.problems import NOT_FOUND, ProblemError

router = APIRouter(include_in_schema=False)
_TYPES: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
#: A name never means another content, so whoever has it need not ask again.
_KEPT: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _StaticFile:
    name: str
    content: bytes
    compressed: bytes
    media_type: str


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """A file under the name that `static_url` gives it."""
    held = _by_name().get(name)
    if held is None:
        raise ProblemError(NOT_FOUND, "there is no such file: load the page anew, it names those that there are")
    headers = {"cache-control": _KEPT, "vary": "Accept-Encoding", "x-content-type-options": "nosniff"}
    if accepts_gzip(request.headers.get("accept-encoding")):
        return Response(held.compressed, 200, headers | {"content-encoding": "gzip"}, held.media_type)
    return Response(held.content, 200, headers, held.media_type)


def static_url(name: str) -> str:
    """The address of a file of `static/`; raises KeyError."""
    return f"/static/{_files()[name].name}"


def has_static(name: str) -> bool:
    """Whether there is such a file: a script that is built need not be."""
    return name in _files()


@cache
def _by_name() -> Mapping[str, _StaticFile]:
    return {held.name: held for held in _files().values()}


@cache
def _files() -> Mapping[str, _StaticFile]:
    found = {}
    for file in (files("timeline_service.web") / "static").iterdir():
        stem, _, suffix = file.name.rpartition(".")
        if suffix in _TYPES:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:12]
            found[file.name] = _StaticFile(f"{stem}.{digest}.{suffix}", content, gzip_bytes(content), _TYPES[suffix])
    return found
