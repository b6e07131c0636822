"""Websearch syntax over folded words, written without a look at PostgreSQL: words, "phrases", -exclusions, or."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_PART: Final = re.compile(r'(-?)(?:"([^"]*)"|([^\s"]+))')


def folded(text: str) -> str:
    """A text without case and accents."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).casefold()


def words_of(text: str) -> list[str]:
    """The runs of letters and digits of a text, folded."""
    return _WORD.findall(folded(text))


@dataclass(frozen=True, slots=True)
class Part:
    """Words that must follow each other in one text, or must not."""

    words: tuple[str, ...]
    excluded: bool

    def holds(self, texts: Iterable[Sequence[str]]) -> bool:
        """Whether the texts, each a list of words, are as the part wants them."""
        size = len(self.words)
        found = any(
            tuple(text[start : start + size]) == self.words for text in texts for start in range(len(text) - size + 1)
        )
        return found != self.excluded


def alternatives_of(query: str) -> list[list[Part]]:
    """What `or` stands between; of each of them all parts are required. A part without a word asks for nothing."""
    alternatives: list[list[Part]] = [[]]
    for minus, phrase, bare in _PART.findall(query):
        if bare.casefold() == "or" and not minus:
            alternatives.append([])
        elif words := words_of(phrase or bare):
            alternatives[-1].append(Part(tuple(words), bool(minus)))
    return alternatives


def matches(query: str, texts: Iterable[str]) -> bool:
    """Whether a query finds something that consists of these texts."""
    split = [words_of(text) for text in texts]
    return any(all(part.holds(split) for part in parts) for parts in alternatives_of(query))


def wanted_words(query: str) -> set[str]:
    """The words that a snippet may mark."""
    return {word for parts in alternatives_of(query) for part in parts if not part.excluded for word in part.words}


def must_mark(query: str, texts: Iterable[str]) -> bool:
    """Whether something is found by a word that it holds, and not only by those that it does not hold."""
    split = [words_of(text) for text in texts]
    return any(
        all(part.holds(split) for part in parts) and any(not part.excluded for part in parts)
        for parts in alternatives_of(query)
    )
