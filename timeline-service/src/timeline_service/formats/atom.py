"""Atom (RFC 4287), in pages (RFC 5005); entries keep the order of the listing."""

import re
from collections.abc import Sequence
from html import escape
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from timeline_service.formats.details import date_words, source_words
from timeline_service.formats.format import FormatContext
from timeline_service.queries.views.events import EventView

#: When a feed without entries was last updated: the element is required, and nothing ever happened.
_NEVER: Final = "1970-01-01T00:00:00Z"
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # by XML 1.0, 2.2


class Atom:
    """An entry for each event. The pages of one selection share their id: that of their first page's address."""

    name = "atom"
    accept_name = "application/atom+xml"
    media_type = "application/atom+xml; charset=utf-8"
    paged = True

    def begin(self, context: FormatContext) -> bytes:
        """The feed's own elements."""
        first = context.first_url or context.url
        links = {"self": context.url, "first": first, "next": context.next_url}
        parts = [
            '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n',
            f"<id>urn:uuid:{uuid5(NAMESPACE_URL, first)}</id>\n",
            f"<title>{_escape(context.title)}</title>\n",
            f"<updated>{context.updated or _NEVER}</updated>\n",
            "<author><name>Dyadline</name></author>\n",
            f'<generator uri="{_escape(context.base)}/">Dyadline</generator>\n',
        ]
        parts += [
            f'<link rel="{rel}" type="application/atom+xml" href="{_escape(url)}"/>\n'
            for rel, url in links.items()
            if url is not None
        ]
        if context.page_url is not None:
            parts.append(f'<link rel="alternate" type="text/html" href="{_escape(context.page_url)}"/>\n')
        return "".join(parts).encode()

    def write(self, context: FormatContext, events: Sequence[EventView], *, first: bool) -> bytes:
        """An entry for each event."""
        return "".join([_entry(context, event) for event in events]).encode()

    def end(self, context: FormatContext) -> bytes:
        """The end of the feed."""
        return b"</feed>\n"


def _entry(context: FormatContext, event: EventView) -> str:
    parts = [
        f"<entry>\n<id>urn:uuid:{event['id']}</id>\n<title>{_escape(event['title'])}</title>\n"
        f"<updated>{event['revised_at']}</updated>\n<published>{event['recorded_at']}</published>\n"
        f'<link rel="alternate" type="text/html" href="{_escape(context.event_url(event["id"]))}"/>\n'
    ]
    parts += [
        f'<link rel="via" href="{_escape(source["url"])}" title="{_escape(source_words(source))}"/>\n'
        for source in event["sources"]
    ]
    parts += [
        f'<category scheme="urn:dyadline:{scheme}" term="{_escape(term)}"/>\n' for scheme, term in _categories(event)
    ]
    parts.append(f'<content type="text">{_escape(_describe(event))}</content>\n</entry>\n')
    return "".join(parts)


def _categories(event: EventView) -> list[tuple[str, str]]:
    named = [(scheme, term) for scheme in ("type", "domain", "valence") if (term := event[scheme])]
    if event["status"] == "retracted":
        named.append(("status", "retracted"))
    return named + [("tag", tag) for tag in event["tags"]]


def _describe(event: EventView) -> str:
    said = f"Date: {date_words(event['when'])}."
    if event["status"] == "retracted":
        said = f"Retracted. {said}"
    return f"{said}\n\n{event['summary']}" if event["summary"] else said


def _escape(text: str) -> str:
    """Text for an element or a quoted attribute, without the characters that XML cannot hold."""
    text = escape(text)
    # A parser takes a bare carriage return for a line feed (XML 1.0, 2.11).
    return text if text.isprintable() else _FORBIDDEN.sub("", text).replace("\r", "&#13;")
