"""Snippets: the part of an event's text in which a search was found, as HTML with the words in `<mark>`."""

from collections.abc import Collection, Mapping
from html import escape
from typing import Any, Final

from timeline_service.domain.folding import LONGEST_WORD, WORD, fold

_BEFORE: Final = 8
_WORDS: Final = 32


def snippet_of(event: Mapping[str, Any], words: Collection[str]) -> str:
    """About thirty words of each text that holds any of the folded words, escaped, with these in `<mark>`.

    Looks into title, summary, actors and tags, in this order; it is the title where nothing is found.
    """
    texts = [event["title"], event.get("summary") or ""]
    texts += [", ".join(actor["name"] for actor in event.get("actors") or ()), ", ".join(event.get("tags") or ())]
    marked = [_marked(text, words) for text in texts]
    return " · ".join(part for part in marked if part) or escape(event["title"])


def _marked(text: str, words: Collection[str]) -> str:
    """The part around the first of the words, or nothing where the text has none."""
    places = [(found.start(), found.end()) for found in WORD.finditer(text)]
    hits = [any(word[:LONGEST_WORD] in words for word in WORD.findall(fold(text[a:b]))) for a, b in places]
    if True not in hits:
        return ""
    first = max(0, hits.index(True) - _BEFORE)
    last = min(len(places), first + _WORDS)
    parts = ["… " if first > 0 else ""]
    at = places[first][0] if first > 0 else 0
    for (a, b), hit in zip(places[first:last], hits[first:last], strict=True):
        if hit:
            parts += [escape(text[at:a]), "<mark>", escape(text[a:b]), "</mark>"]
            at = b
    parts.append(escape(text[at : places[last - 1][1] if last < len(places) else len(text)]))
    return "".join(parts) + (" …" if last < len(places) else "")
