"""Templates: each belongs to one context, a frozen dataclass whose fields are all that the template is told."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Final

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from service_edge.access.callers import current_caller
from timeline_service.api.languages import language_headers
from timeline_service.api.responses import answer
from timeline_service.domain.vectors import ReadPoint
from timeline_service.web.static_files import static_url

#: Everything comes from here, and nothing is written into the page that could run.
POLICY: Final = "; ".join((
    "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "connect-src 'self'",
    "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
))  # fmt: skip
HEADERS: Final = {
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
#: Of a page that may stand in a frame of any site.
FRAMED: Final = HEADERS | {"content-security-policy": POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")}
MEDIA_TYPE: Final = "text/html; charset=utf-8"
ENVIRONMENT: Final = Environment(
    loader=PackageLoader("timeline_service.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.globals["static_url"] = static_url
ENVIRONMENT.globals["caller"] = current_caller


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """What every page says of itself; a page's own context adds its fields, and names its template."""

    template: ClassVar[str]
    title: str
    #: The language in which countries are named.
    language: str
    #: Which part of the header it belongs to, if any.
    section: str = ""
    json_url: str | None = None
    feed_url: str | None = None


def render(context: PageContext) -> bytes:
    """A context in its template."""
    told = {field.name: getattr(context, field.name) for field in fields(context)}
    return ENVIRONMENT.get_template(context.template).render(told).encode()


def show(request: Request, point: ReadPoint, context: PageContext, headers: Mapping[str, str] = HEADERS) -> Response:
    """A page as an answer, with its position and entity tag."""
    told = {**headers, **language_headers("en")}
    return answer(request, point, render(context), headers=told, media_type=MEDIA_TYPE)


def show_at_once(context: PageContext, status: int, headers: dict[str, str] | None = None) -> Response:
    """A page that is of no read point, and that nobody keeps."""
    kept = {"cache-control": "no-store", **language_headers("en")}
    return Response(render(context), status, HEADERS | kept | (headers or {}), MEDIA_TYPE)
