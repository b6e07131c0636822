"""The targets of `tests/fuzzing` on the same inputs each time: seeds, what was found, and a thousand made of them."""

import time

import pytest
from tests.fuzzing.corpora import corpus_of, inputs_of
from tests.fuzzing.targets import TARGETS

#: A reader's share of time: 40,000 bytes may take so many times what 10,000 do, where a square would take 16 times.
MAX_TIMES = 10
LONG = 10_000


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_is_read_or_refused_in_order(name: str) -> None:
    assert corpus_of(name)
    for raw in inputs_of(name, 1_000):
        TARGETS[name].check(raw)


@pytest.mark.parametrize(
    "piece", [b"0", b"X", b"/", b"-", b'"', b"[", b'{"a":', b",", b";", b"1:1,", b"a b ", "é".encode(), b"\\"]
)
@pytest.mark.parametrize("name", TARGETS)
def test_a_long_input_takes_as_long_as_it_is(name: str, piece: bytes) -> None:
    for seed in corpus_of(name)[:2]:
        short, long = (_seconds(name, seed + piece * (size // len(piece))) for size in (LONG, 4 * LONG))
        assert long < MAX_TIMES * max(short, 0.005)


def _seconds(name: str, raw: bytes) -> float:
    """The least CPU that an input takes: another process may hold up one try, not all."""
    spent = []
    for _ in range(3):
        begun = time.process_time()
        TARGETS[name].check(raw)
        spent.append(time.process_time() - begun)
    return min(spent)
