import subprocess
import sys

import orjson
import psutil
import pytest
import uvloop
from tests.support.waiting import wait_until

from service_edge.kafka_access import KafkaAccess
from timeline_service.errors import StuckError, UnavailableError
from timeline_service.replay.loading.partition_load import PartitionLoad
from timeline_service.replay.loading.workers import cores, start_workers
from timeline_service.settings import Settings

NOWHERE = Settings(kafka=KafkaAccess("127.0.0.1:1"), database_url="postgresql://nobody@127.0.0.1:1/nothing")
LOAD = PartitionLoad("schema", 0, 1, 1, "cluster", "code")


async def load(*, killed: bool) -> None:
    """Load with a worker that has no database, and may be killed before it gets its first load."""
    before = {child.pid for child in psutil.Process().children()}
    async with start_workers(NOWHERE, 1) as workers:
        (worker,) = (child for child in psutil.Process().children() if child.pid not in before)
        if killed:
            worker.kill()
            await wait_until(lambda: not psutil.pid_exists(worker.pid))
        await workers.load([LOAD], lambda *_: None)


def test_a_worker_that_cannot_work_says_why() -> None:
    with pytest.raises(UnavailableError, match="PostgreSQL"):
        uvloop.run(load(killed=False))


def test_a_worker_that_is_gone_before_its_first_load_is_missed() -> None:
    with pytest.raises(StuckError, match="was killed"):
        uvloop.run(load(killed=True))


def test_a_worker_that_has_failed_waits_for_the_end_of_its_input() -> None:
    environment = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    command = [sys.executable, "-m", "timeline_service.replay.loading.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as worker:
        assert worker.stdout is not None
        assert orjson.loads(worker.stdout.readline()).keys() == {"unavailable"}
        worker.communicate()
        assert worker.returncode == 0


def test_there_are_no_more_workers_than_there_is_to_load() -> None:
    assert cores(1) == 1
    assert cores(10_000) == (psutil.cpu_count() or 1)
