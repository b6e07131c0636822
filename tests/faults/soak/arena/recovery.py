"""Whether an arena does its work: a probe is posted, acknowledged, projected, and read at its position everywhere."""

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import asyncpg
import httpx
from aiokafka.errors import KafkaError
from tests.faults.soak.arena.engine_health import database_answers, topic_takes_records
from tests.faults.soak.arena.titles import NEMESIS
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from tests.faults.soak.arena.arena import Arena

LIMIT_SECONDS: Final = 90.0
#: What every probe is called. Nobody else posts such events, and nobody changes them.
PROBE_TITLE: Final = f"{NEMESIS}a probe"
_PAUSE: Final = 0.1
_ENGINE_SECONDS: Final = 180.0
_AWAY: Final = (KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError)
_FOREVER: Final = 86_400.0  # the whole trial has a limit


@dataclass(frozen=True, slots=True)
class _Probe:
    """A probe that was acknowledged."""

    id: str
    position: str


async def recover(arena: "Arena", limit: float = LIMIT_SECONDS) -> tuple[float, str]:
    """Wait until everything works; returns the seconds that it took, and what did not work in time, or ''.

    The limit is counted from when the engines themselves work: how soon they do is not what is measured.
    """
    started = time.monotonic()
    try:
        await wait_until(partial(_engines_work, arena), _ENGINE_SECONDS, ignore=_AWAY)
    except AssertionError as error:
        return time.monotonic() - started, f"the engines themselves do not work: {error}"
    begun = time.monotonic()
    attempt = ""
    async with httpx.AsyncClient(timeout=httpx.Timeout(15, connect=2), trust_env=False) as client:
        while (left := limit - (time.monotonic() - begun)) > 0:
            trial = _Trial(arena, client)
            try:
                async with asyncio.timeout(left):
                    await trial.run()
                return time.monotonic() - started, ""
            except (_NotYetError, httpx.HTTPError, TimeoutError) as error:
                attempt = f"{trial.doing}: {error or type(error).__name__}"
            await asyncio.sleep(_PAUSE)
    return time.monotonic() - started, attempt


async def _engines_work(arena: "Arena") -> bool:
    return await topic_takes_records(arena) and await database_answers(arena)


class _NotYetError(Exception):
    """What does not work yet."""


@dataclass(slots=True)
class _Trial:
    """One probe, from its post to its last read. `doing` says what it is about to do."""

    arena: "Arena"
    client: httpx.AsyncClient
    doing: str = ""

    async def run(self) -> None:
        """Raises _NotYetError, or what httpx raises, for the first thing that does not work."""
        for url in self.arena.ingest_urls:
            await self._read(f"{url}/readyz")
        probe = await self._post()
        for url in self.arena.timeline_urls:
            # Asked again and again, instead of posting another one: the projection may take its time.
            self.doing = f"waiting for {probe.position} at {url}"
            outcome = await wait_until(partial(self._outcome, url, probe), _FOREVER, ignore=(httpx.HTTPError,))
            if outcome != "applied":
                raise _NotYetError(f"the probe became {outcome}")
            read = await self._read(f"{url}/v1/events/{probe.id}", probe.position)
            if read["position"] != probe.position:
                raise _NotYetError(f"the probe of {probe.position} is shown with position {read['position']}")

    async def _post(self) -> _Probe:
        event_id = str(uuid4())
        event = {"id": event_id, "title": PROBE_TITLE, "when": "2020", "countries": ["ISL", "NRU"], "type": "visit"}
        self.doing = "posting a probe"
        response = await self.client.post(f"{self.arena.ingest_urls[0]}/v1/events", json=event)
        if response.status_code != 201:
            raise _NotYetError(f"{response.status_code} {response.text[:300]}")
        return _Probe(event_id, response.json()["position"])

    async def _outcome(self, url: str, probe: _Probe) -> str:
        response = await self.client.get(f"{url}/v1/records/{probe.position}", params={"wait": 2})
        return str(response.json()["outcome"]) if response.status_code == 200 else ""

    async def _read(self, url: str, position: str | None = None) -> Any:
        self.doing = f"reading {url}"
        response = await self.client.get(url, headers={"timeline-position": position} if position else None)
        if response.status_code != 200:
            raise _NotYetError(f"{response.status_code} {response.text[:300]}")
        return response.json()
