"""What a projector counts, for Prometheus."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from timeline_service.judge.batch import Counts

BATCH_SECONDS: Final = Histogram(
    "dyadline_projector_batch_seconds",
    "From the first look at a batch of records to its commit.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
PARTITIONS: Final = Gauge("dyadline_projector_partitions", "Partitions that this process owns.")
LAG: Final = Gauge("dyadline_projector_lag_records", "Records of the log that are not projected yet.", ["partition"])
STOPPED: Final = Gauge("dyadline_projector_stopped_partitions", "Partitions of it that are projected no further.")
_RECORDS: Final = Counter("dyadline_projector_records", "Records projected, by what became of them.", ["outcome"])


def count_records(counts: Mapping[int, Counts]) -> None:
    """Count what became of a batch's records, whichever partition they are of."""
    for each in counts.values():
        for outcome in ("applied", "duplicate", "rejected", "parked"):
            _RECORDS.labels(outcome).inc(getattr(each, outcome))
