"""What the process counts, for Prometheus."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

EVENTS: Final = Counter("ingest_events", "Events and changes that were posted, by what became of them.", ["outcome"])
RECORDED: Final = EVENTS.labels("recorded")
REFUSED: Final = EVENTS.labels("refused")
UNKNOWN: Final = EVENTS.labels("unknown")
APPEND_SECONDS: Final = Histogram(
    "ingest_append_seconds",
    "From handing records to Kafka to the last acknowledgement.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
READY: Final = Gauge("ingest_ready", "Whether events can be recorded: a broker answers, and the topic is fit for use.")
