"""`python -m tests.bench.large_log 1000000`: replay a log of so many records, and say what memory that takes.

On engines of its own, whose data lie in the folder for temporary files: 5 GB for a million records, and 3 GB more while
it verifies, which it leaves out with a second word, `rebuild`.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import uvloop
from tests.bench.event_supply import events
from tests.bench.floors.bare_producer import open_producer, send_pairs
from tests.bench.memory import peak_bytes
from tests.bench.own_services import own_services
from tests.bench.replays.replay_runs import run_replay
from tests.support.running.engines import shared_engines
from tests.support.running.session_folder import close_session_folder, open_session_folder

from event_schemas.log_topic import PARTITIONS
from event_schemas.partitions import partitions_of
from event_schemas.records import ANONYMOUS
from ingest_service.domain.accept import Accepted, Terms, accept_event
from timeline_service.domain.replays import Kind

_TEMPLATES: Final = 5_000
_AT_ONCE: Final = 20_000
_KINDS: Final[tuple[Kind, ...]] = ("rebuild", "verify")


async def fill_log(bootstrap_servers: str, topic: str, count: int) -> None:
    """Append so many records: some thousand events again and again, each time as other events with the same words."""
    now = datetime.now(UTC)
    templates = [accept_event(event, Terms(ANONYMOUS), accepted_at=now) for event in events(_TEMPLATES)]
    async with open_producer(bootstrap_servers) as producer:
        for start in range(0, count, _AT_ONCE):
            pairs: list[list[tuple[bytes | None, bytes | None]]] = [[] for _ in range(PARTITIONS)]
            records = list(_records(templates, range(start, min(start + _AT_ONCE, count))))
            homes = partitions_of([key for key, _ in records], PARTITIONS)
            for key, value in records:
                pairs[homes[key]].append((key, value))
            await asyncio.gather(*(send_pairs(producer, topic, number, some) for number, some in enumerate(pairs)))


def _records(templates: Sequence[Accepted], numbers: range) -> Iterator[tuple[bytes, bytes]]:
    for number in numbers:
        template = templates[number % len(templates)]
        key = str(UUID(bytes=os.urandom(16), version=4)).encode()
        yield key, template.value.replace(template.key, key)


async def _measure(count: int, kinds: Sequence[Kind]) -> None:
    """Fill a log and rebuild it from nothing, which can be verified then."""
    async with own_services(await shared_engines()) as services:
        services.migrate()
        start = time.monotonic()
        await fill_log(services.bootstrap_servers, services.topic, count)
        print(f"{count:,} records appended in {time.monotonic() - start:.0f} s", flush=True)
        replayer = await services.replayer()
        for kind in kinds:
            run = await run_replay(services, replayer, kind)
            assert replayer.pid is not None
            print(
                f"{kind}: {run.seconds:.0f} s, {count / run.seconds:,.0f} /s; at their worst the replayer held "
                f"{peak_bytes(replayer.pid) / 1e6:.0f} MB, a worker {run.worst_worker / 1e6:.0f} MB",
                flush=True,
            )


def main() -> int:
    """Returns the exit status."""
    match sys.argv[1:]:
        case [count]:
            kinds = _KINDS
        case [count, "rebuild"]:
            kinds = _KINDS[:1]
        case _:
            count = ""
    if not count.isdecimal():
        print("usage: python -m tests.bench.large_log RECORDS [rebuild]", file=sys.stderr)
        return 2
    open_session_folder()
    try:
        uvloop.run(_measure(int(count), kinds))
    finally:
        close_session_folder()
    return 0


if __name__ == "__main__":
    sys.exit(main())
