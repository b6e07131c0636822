"""Partitions in which nearly everything fails: they stop before it is parked, for the bug is ours."""

from collections.abc import Mapping, Sequence

from timeline_service.judge.batch import BEHIND, RowChanges
from timeline_service.judge.breaker import Breaker
from timeline_service.judge.decoding import DecodedRecord


class FailingPartitions:
    """Finds them by the last records of each; `before` says which of those that were projected had failed."""

    def __init__(self, before: Mapping[int, Sequence[bool]]) -> None:
        self._breaker = Breaker(before)

    def find(self, decoded_records: Sequence[DecodedRecord], changes: RowChanges) -> dict[int, str]:
        """The partitions that are to stop before this batch, each with the reason.

        If there is none, the batch will be written, and counts from now on.
        """
        failures = {
            (row.partition, row.offset): row.detail
            for row in changes.outcomes
            if row.outcome == "parked" and row.problem != BEHIND
        }
        failing: dict[int, list[bool]] = {}
        for item in decoded_records:
            failing.setdefault(item.position.partition, []).append(
                (item.position.partition, item.position.offset) in failures
            )
        tripped = [partition for partition, flags in failing.items() if self._breaker.trips(partition, flags)]
        if not tripped:
            for partition, flags in failing.items():
                self._breaker.note(partition, flags)
        return {partition: _words(partition, failures) for partition in tripped}


def _words(partition: int, failures: Mapping[tuple[int, int], str | None]) -> str:
    first = next(detail for place, detail in failures.items() if place[0] == partition)
    return f"nearly no record can be judged by this code ({first}): update or mend it, and start it again"
