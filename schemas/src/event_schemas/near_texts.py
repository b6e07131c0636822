"""Which of many known texts look most like a given one, soon enough to be asked for every mistake of a large body."""

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from heapq import nlargest
from typing import Final

#: Of so many that share most letters, at most, the order of the letters is compared.
_COMPARED: Final = 64


class NearTexts:
    """Known texts. What is near is what `difflib.get_close_matches` would find in many times the time.

    Each text is held as a number with a bit for each of its letters, for its first `e`, its second `e` …: how many
    letters two texts share is how many bits their numbers share.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._bits: dict[tuple[str, int], int] = {}
        for text in texts:
            for letter in _numbered(text):
                self._bits.setdefault(letter, 1 << len(self._bits))
        self._texts = [(text, len(text), self._letters(text)) for text in texts]

    def to(self, text: str, *, most: int, cutoff: float, margin: float = 1.0) -> list[str]:
        """The nearest texts, best first, whose similarity is at least `cutoff`, and at most `margin` below the best."""
        letters, length = self._letters(text), len(text)
        sharing = [
            (bound, known)
            for known, known_length, known_letters in self._texts
            if (bound := 2 * (letters & known_letters).bit_count() / (length + known_length or 1)) >= cutoff
        ]
        matcher = SequenceMatcher()
        matcher.set_seq2(text)
        found: list[tuple[float, str]] = []
        for bound, known in nlargest(_COMPARED, sharing):
            if len(found) == most and bound < found[-1][0]:
                break  # nor is any of the rest so near
            matcher.set_seq1(known)
            if (ratio := matcher.ratio()) >= cutoff:
                found = nlargest(most, [*found, (ratio, known)])
        return [known for ratio, known in found if ratio >= found[0][0] - margin]

    def _letters(self, text: str) -> int:
        return sum(self._bits.get(letter, 0) for letter in _numbered(text))


def _numbered(text: str) -> list[tuple[str, int]]:
    """Its letters, each with which of its kind it is."""
    return [(letter, number) for letter, times in Counter(text).items() for number in range(times)]
