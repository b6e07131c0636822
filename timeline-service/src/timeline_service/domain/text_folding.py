"""Folded text, which is what words are compared by: without case and accents, so that Sao finds São."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

#: A word is a run of letters and digits, with the marks that belong to them.
WORD: Final = re.compile(r"[^\W_]+")
#: PostgreSQL takes lexemes of up to 2,046 bytes and indexes texts of little more; what is longer than so many letters
#: is found by its beginning.
MAX_WORD_LENGTH: Final = 500
#: ASCII folded: letters and digits in lower case, and blanks for all else.
_FOLDED_ASCII: Final = bytes(byte if chr(byte).isalnum() else 32 for byte in bytes(range(128)).lower()) + bytes(128)


def fold_text(text: str) -> str:
    """A text in lower case (Unicode case folding) and without accents (NFKD, combining marks dropped)."""
    if text.isascii():
        return text.lower()
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return plain.casefold()


@lru_cache(maxsize=16_384)
def fold_name(text: str) -> str:
    """A whole name as it is compared: folded, with single blanks, by its beginning if that makes it very long."""
    return " ".join(fold_text(text).split())[:MAX_WORD_LENGTH]


def words_of(text: str) -> list[str]:
    """The folded words of a text, in its order."""
    return [word.decode() for word in encoded_words_of(text)]


def encoded_words_of(text: str) -> list[bytes]:
    """The same in UTF-8."""
    # In plain ASCII the words are what lies between blanks, and to see that is three times as quick.
    if text.isascii():
        words = text.encode().translate(_FOLDED_ASCII).split()
        return words if len(text) <= MAX_WORD_LENGTH else [word[:MAX_WORD_LENGTH] for word in words]
    return [word[:MAX_WORD_LENGTH].encode() for word in WORD.findall(fold_text(text))]
