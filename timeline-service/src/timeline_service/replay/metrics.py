"""What a replayer counts, for Prometheus."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

RUNNING: Final = Gauge("dyadline_replayer_running", "Replays that this process carries out now.", ["kind"])
ENDED: Final = Counter("dyadline_replayer_replays", "Replays that came to an end here.", ["kind", "state"])
RECORDS: Final = Counter("dyadline_replayer_records", "Records replayed.")
SECONDS: Final = Histogram(
    "dyadline_replayer_attempt_seconds",
    "From taking a replay up to its end, or to where it is to be gone on with.",
    ["kind"],
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200, 43200),
)
