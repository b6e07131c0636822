"""Pages that are written elsewhere, in the dress of the house: what the API can do, and what can go wrong."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import Response
from markupsafe import Markup

from timeline_service.domain.country_names import ENGLISH
from timeline_service.web.rendering import PageContext, show_at_once


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentContext(PageContext):
    """A page of markup that is whole but for its frame."""

    template: ClassVar[str] = "document.html"
    body: Markup


def document_page(title: str, body: str) -> Response:
    """The page; `body` is markup."""
    context = DocumentContext(title=title, language=ENGLISH, section="docs", body=Markup(body))
    return show_at_once(context, 200)
