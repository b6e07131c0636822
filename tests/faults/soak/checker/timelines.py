"""Timelines as the log makes them: a pair at a vector, in the contract's order, and the counts of all pairs."""

from bisect import bisect_right

from tests.faults.soak.checker.language import FIRST_DAY, LAST_DAY, Vector
from tests.faults.soak.checker.verdicts import Event, Log


def timeline_at(log: Log, pair: str, vector: Vector, *, retracted: bool) -> list[tuple[str, int]]:
    """A pair's events at a vector, each with its revision, in the contract's order; retracted ones too if asked."""
    standing: list[tuple[tuple[str, str, str, str], int]] = []
    for event in log.pairs.get(pair, ()):
        number = event.at(vector)
        if not number or pair not in event.revisions[number - 1].words.pairs:
            continue
        if retracted or not event.revisions[number - 1].retracted:
            standing.append((event.order(number), number))
    return [(order[3], number) for order, number in sorted(standing)]


def vector_as_of(log: Log, instant: int) -> Vector:
    """The prefix of each partition that was recorded by an instant, in milliseconds."""
    found: Vector = {}
    for partition, records in log.partitions.items():
        count = bisect_right(records, instant, key=lambda record: record.recorded_at)
        if count:
            found[partition] = records[count - 1].offset
    return found


def pair_counts(log: Log) -> dict[str, tuple[int, str | None, str | None]]:
    """Of each pair that has any, how many events hold now, with their first and last known day."""
    found: dict[str, tuple[int, str | None, str | None]] = {}
    for pair, events in log.pairs.items():
        holding = [each.current.words for each in events if _holds(each, pair)]
        if holding:
            first = min((words.earliest for words in holding if words.earliest != FIRST_DAY), default=None)
            last = max((words.latest for words in holding if words.latest != LAST_DAY), default=None)
            found[pair] = (len(holding), first, last)
    return found


def _holds(event: Event, pair: str) -> bool:
    return not event.current.retracted and pair in event.current.words.pairs
