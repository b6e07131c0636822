"""The recorder of `eventsourcing` in PostgreSQL, measured: `python store.py URL FILE`, the events one a line of JSON.

Says what each of some appends took, and how many events a second come of several writers, of batches, and of a
projection that writes nothing but how far it is. It runs in an environment of its own, with nothing of ours.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner

WRITERS = 8
BATCH = 100
ALONE = 300
WAIT_SECONDS = 300


class Record(Aggregate):
    """One event, as an aggregate that is made with it."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content


class Records(Application):
    """Keeps them."""


class HowFar(Projection[PostgresTrackingRecorder]):
    """Writes down how far it has come, and no row."""

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Take note of it."""
        self.view.insert_tracking(tracking)


def per_second(count: int, work: Callable[[], object]) -> float:
    """So many events, by the time that the work takes."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def main() -> None:
    """Measure, and say it as JSON."""
    database = urlsplit(sys.argv[1])
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": database.path[1:],
        "POSTGRES_HOST": str(database.hostname),
        "POSTGRES_PORT": str(database.port),
        "POSTGRES_USER": str(database.username),
        "POSTGRES_PASSWORD": "",
        "POSTGRES_POOL_SIZE": str(WRITERS),
    }
    events = [json.loads(line) for line in Path(sys.argv[2]).read_text().splitlines()]
    records = Records(env=environment)
    records.save(Record(events[0]))

    alone = []
    for event in events[:ALONE]:
        start = time.perf_counter()
        records.save(Record(event))
        alone.append((time.perf_counter() - start) * 1000)

    with ThreadPoolExecutor(WRITERS) as pool:
        writers = per_second(len(events), lambda: list(pool.map(lambda event: records.save(Record(event)), events)))

    def save_batches() -> None:
        for start in range(0, len(events), BATCH):
            records.save(*(Record(event) for event in events[start : start + BATCH]))

    batches = per_second(len(events), save_batches)
    last = records.recorder.max_notification_id()
    records.close()

    def project() -> None:
        with ProjectionRunner(
            application_class=Records, projection_class=HowFar, view_class=PostgresTrackingRecorder, env=environment
        ) as runner:
            runner.wait(last, timeout=WAIT_SECONDS)

    projection = per_second(last or 0, project)
    sys.stdout.write(json.dumps({"alone": alone, "writers": writers, "batches": batches, "projection": projection}))


if __name__ == "__main__":
    main()
