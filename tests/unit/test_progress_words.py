import pytest

from timeline_service.domain.progress_words import progress_words, say_bytes, say_seconds
from timeline_service.domain.replays import PartitionProgress, Progress


def test_only_what_is_known_is_said() -> None:
    progress = Progress("loading")
    assert list(progress_words(progress.view())) == []
    progress.partitions = {0: PartitionProgress(25, 100, 5_000), 1: PartitionProgress(0, 100)}
    progress.rate, progress.seconds_left = 12.4, 175.0
    words = ["12 %", "25 of 200 records", "5.0 kB of 40.0 kB", "12 a second", "2 min 55 s left"]
    assert list(progress_words(progress.view())) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (2_500_000_000, "2.5 GB"), (8e15, "8000.0 TB")],
)
def test_sizes_are_said_in_decimal_units(size: float, words: str) -> None:
    assert say_bytes(size) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.96, "10.0 s"), (59, "59 s"), (60, "1 min 0 s"), (7_261, "2 h 1 min")]
)
def test_times_are_said_as_exactly_as_anybody_wants_to_know(seconds: float, words: str) -> None:
    assert say_seconds(seconds) == words
