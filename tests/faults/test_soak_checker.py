"""The bench tested on itself: with no faults it finds nothing, and whatever is made untrue it finds."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.soak.checker import check
from tests.faults.soak.load import Load
from tests.support.processes import Services

_SECONDS = 6.0


@dataclass
class QuietArena:
    """The real services, with nobody who attacks them."""

    topic: str
    bootstrap_servers: str
    database_url: str
    ingest_urls: tuple[str, ...]
    timeline_urls: tuple[str, ...]
    services: Services

    def pids(self) -> dict[str, int]:
        return {each.process.name: each.pid for each in self.services.all if each.pid is not None}


async def test_x(services: Services, tmp_path: Path) -> None:
    services.migrate()
    ingest, timeline = await services.ingest(), await services.timeline()
    await services.projector()
    await services.replayer()
    arena = QuietArena(
        services.topic, services.bootstrap_servers, services.database_url, (ingest.url,), (timeline.url,), services
    )
    load = Load(arena, 1, history_path=tmp_path / "history.ndjson")
    stop = asyncio.Event()
    t = time.time()
    running = asyncio.create_task(load.run(stop))
    await asyncio.sleep(_SECONDS)
    stop.set()
    await running
    print("load", time.time() - t, load.acknowledged, load.history.answered, load.history.unavailable)
    t = time.time()
    findings = await check(arena, load.history, most=300)
    print("check", time.time() - t)
    print(findings, findings.told()["looked_at"])
    assert findings.ok
