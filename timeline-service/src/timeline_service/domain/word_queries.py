"""Searches as people write them on the web, as PostgreSQL's `tsquery` over folded words.

`chips "export control" -rumour`, `tariff or quota`: words are all required, `"…"` is a phrase, `-` excludes, `or` is an
alternative, as in `websearch_to_tsquery('simple', …)`. PostgreSQL's own parser is left out on both sides: what it takes
for a word depends on the server's locale, and it takes `Alibaba.com` for a host that nobody finds by `alibaba`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from timeline_service.domain.text_folding import words_of

_TERM: Final = re.compile(r'(?P<minus>-)?"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+)')
MAX_WORDS: Final = 100


class WordQueryError(ValueError):
    """A search that says nothing; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class WordQuery:
    """A search: its `tsquery`, and the words that a snippet marks (those that are not excluded)."""

    tsquery: str
    words: frozenset[str]


def read_word_query(text: str) -> WordQuery:
    """Read a search; raises WordQueryError where it holds no word or too many."""
    alternatives: list[list[str]] = [[]]
    marked: set[str] = set()
    count = 0
    for found in _TERM.finditer(text):
        term = found["phrase"] if found["word"] is None else found["word"]
        if found["word"] is not None and term.lower() == "or":
            if alternatives[-1]:
                alternatives.append([])
            continue
        excluded = bool(found["minus"]) or (found["word"] is not None and term.startswith("-"))
        words = list(words_of(term))
        count += len(words)
        if words:
            phrase = " <-> ".join(f"'{word}'" for word in words)
            alternatives[-1].append(("!" if excluded else "") + (f"({phrase})" if len(words) > 1 else phrase))
            marked |= set() if excluded else set(words)
    if count == 0:
        raise WordQueryError(f'{text[:80]!r} holds no word: write words, a "phrase", -excluded words, or `or`')
    if count > MAX_WORDS:
        raise WordQueryError(f"holds {count} words: at most {MAX_WORDS} are taken")
    return WordQuery(" | ".join(f"({' & '.join(terms)})" for terms in alternatives if terms), frozenset(marked))


def either(queries: Sequence[WordQuery]) -> WordQuery:
    """A search for what any of some searches finds."""
    words = frozenset().union(*(query.words for query in queries))
    return WordQuery(" | ".join(f"({query.tsquery})" for query in queries), words)
