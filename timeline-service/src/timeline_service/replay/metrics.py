"""What a replayer counts, for Prometheus."""

from typing import Final

from prometheus_client import Counter, Gauge

RUNNING: Final = Gauge("dyadline_replayer_running", "Replays that this process carries out now.", ["kind"])
ENDED: Final = Counter("dyadline_replayer_replays", "Replays that came to an end here.", ["kind", "state"])
RECORDS: Final = Counter("dyadline_replayer_records", "Records replayed.")
