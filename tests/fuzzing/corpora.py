"""What a target starts from: its seeds, all that was ever found, and inputs made of these, the same each time."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.fuzzing.targets import TARGETS

_FOUND: Final = Path(__file__).parent / "found"
#: What readers of text trip over: separators, quotation marks, digits beyond bounds, and bytes that are not UTF-8.
_PIECES: Final = (
    b"", b"\0", b"\xff", b"\xed\xa0\x80", b"\xc3", b"/", b"..", b"-", b":", b",", b";", b"=", b"&", b'"', b"\\", b"~",
    b"X", b"0", b"9" * 20, b"1e999", b"null", b"[" * 40, b"{" * 40, b" ", b"\n", "é".encode(), "\u0130".encode(),
    "\u202e".encode(), b"2020-02-30", b"a" * 300,
)  # fmt: skip


def corpus_of(name: str) -> list[bytes]:
    """A target's seeds, and what was found with it."""
    found = sorted((_FOUND / name).glob("*")) if (_FOUND / name).is_dir() else []
    return [*TARGETS[name].seeds, *(path.read_bytes() for path in found)]


def inputs_of(name: str, count: int) -> Iterator[bytes]:
    """The corpus, and so many inputs made of it."""
    corpus, chance = corpus_of(name), random.Random(name)
    yield from corpus
    for _ in range(count):
        yield _changed(chance, corpus)


def _changed(chance: random.Random, corpus: Sequence[bytes]) -> bytes:
    raw = bytearray(chance.choice(corpus))
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(raw))
        end = min(len(raw), at + chance.choice((0, 1, 2, 8)))
        kind = chance.randrange(4)
        if kind == 0:
            raw[at:end] = chance.choice(_PIECES)
        elif kind == 1 and raw:
            raw[at % len(raw)] = chance.randrange(256)
        elif kind == 2:
            raw[at:at] = raw[at:end] * chance.choice((1, 2, 50))
        else:
            other = chance.choice(corpus)
            cut = chance.randint(0, len(other))
            raw[at:] = other[cut:]
    return bytes(raw)
