"""Snippets: the part of an event's text in which a search was found, as HTML with the words in `<mark>`."""

from collections import deque
from collections.abc import Mapping, Set
from html import escape
from itertools import islice
from typing import Any, Final

from timeline_service.domain.text_folding import WORD, words_of

_BEFORE: Final = 8
_WORDS: Final = 32


def snippet_of(event: Mapping[str, Any], words: Set[str]) -> str:
    """About thirty words of each text that holds any of the folded words, escaped, with these in `<mark>`.

    Looks into title, summary, actors and tags, in this order; it is the title where nothing is found.
    """
    texts = [event["title"], event.get("summary") or ""]
    texts += [", ".join(actor["name"] for actor in event.get("actors") or ()), ", ".join(event.get("tags") or ())]
    marked = [_marked(text, words) for text in texts]
    return " · ".join(part for part in marked if part) or escape(event["title"])


def _marked(text: str, words: Set[str]) -> str:
    """The part around the first of the words, or nothing where the text has none."""
    if words.isdisjoint(words_of(text)):
        return ""
    before: deque[tuple[int, int, bool]] = deque(maxlen=_BEFORE)
    places = ((found.start(), found.end()) for found in WORD.finditer(text))
    judged = ((a, b, not words.isdisjoint(words_of(text[a:b]))) for a, b in places)
    for place in judged:
        if place[2]:
            window = [*before, place, *islice(judged, _WORDS - len(before) - 1)]
            break
        before.append(place)
    else:
        return ""
    cut_before, cut_after = window[0][0] > 0, next(judged, None) is not None
    parts = ["… "] if cut_before else []
    at = window[0][0] if cut_before else 0
    for a, b, hit in window:
        if hit:
            parts += [escape(text[at:a]), "<mark>", escape(text[a:b]), "</mark>"]
            at = b
    parts.append(escape(text[at : window[-1][1] if cut_after else len(text)]))
    return "".join(parts) + (" …" if cut_after else "")
