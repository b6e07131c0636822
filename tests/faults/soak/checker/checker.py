"""The checker: reads the whole log itself, judges it by the contract alone, and holds all that was told against it.

It imports nothing of the product, so that it cannot share its mistakes.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Final, Protocol

import httpx
from tests.faults.soak.checker.answer_check import AnswerCheck
from tests.faults.soak.checker.asker import Asker, UnansweredError, open_asker
from tests.faults.soak.checker.count_check import check_status, check_tables, check_verification
from tests.faults.soak.checker.findings import Findings
from tests.faults.soak.checker.log_check import check_log
from tests.faults.soak.checker.raw_log import open_raw_log
from tests.faults.soak.checker.resources import Resources, check_resources
from tests.faults.soak.checker.story_check import check_stories
from tests.faults.soak.checker.verdicts import Log
from tests.faults.soak.load.history import History

#: How long the projection and its documents may take to be level with the log, once all is healed.
LEVEL_SECONDS: Final = 300.0
#: So many of a kind are asked for one by one, before lots are drawn.
MOST: Final = 20_000


class Arena(Protocol):
    """What is under attack. It may also have `foreign`: what the nemesis wrote into the topic itself."""

    topic: str
    timeline_urls: tuple[str, ...]

    @property
    def bootstrap_servers(self) -> str:
        """Kafka, directly."""
        ...

    @property
    def database_url(self) -> str:
        """PostgreSQL, directly."""
        ...

    def pids(self) -> dict[str, int]:
        """Its processes by name."""
        ...


async def check(
    arena: Arena,
    history: History,
    *,
    baseline: Resources | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    most: int = MOST,
    level_seconds: float = LEVEL_SECONDS,
) -> Findings:
    """Check everything. Call it once all faults are healed and nobody writes any more: it reads up to the log's end.

    It waits until the projection is level, or says that it is not. `baseline` is what `measure` found at first; without
    it memory, handles, connections and locks are not looked at. `transport` stands for the network to the services.
    """
    findings = Findings(acknowledged=len(history.acknowledged) + history.without_position)
    log = await read_log(arena.bootstrap_servers, arena.topic, findings)
    findings.records = sum(map(len, log.partitions.values()))
    check_log(history, log, getattr(arena, "foreign", ()), findings)
    async with open_asker(arena.timeline_urls, transport) as asker:
        await wait_until_level(asker, log, findings, level_seconds)
        check_stories(history, log, findings)
        await AnswerCheck(asker, log, findings, most=most).run()
        await check_status(asker, log, findings)
        await check_tables(arena.database_url, log, findings)
        await check_verification(asker, findings)
    if baseline is not None:
        await check_resources(baseline, arena.pids(), arena.database_url, findings)
    return findings


async def read_log(bootstrap_servers: str, topic: str, findings: Findings) -> Log:
    """Read and judge the log; what Kafka does not give up to its own end is a finding."""
    async with open_raw_log(bootstrap_servers, topic) as raw:
        log = Log(raw.bounds)
        try:
            async for batch in raw.records():
                for record in batch:
                    log.take(record)
                    if not record.by_broker:
                        sentence = f"{record.partition}:{record.offset} has a time that its writer made"
                        findings.add("wrong", sentence)
        except TimeoutError as error:
            findings.add("lost", str(error))
        return log


async def wait_until_level(asker: Asker, log: Log, findings: Findings, seconds: float) -> None:
    """Wait until each service shows the whole log, and its documents too."""
    ends = asyncio.get_running_loop().time() + seconds
    for _ in range(asker.count):
        late: Any = "no answer"
        while asyncio.get_running_loop().time() < ends:
            try:
                late = _late((await asker.get("/v1/status"))["partitions"], log)
                if not late and await _searchable(asker, log):
                    break
            except UnansweredError as error:
                late = str(error)
            await asyncio.sleep(0.25)
        else:
            findings.add("wrong", f"{seconds:.0f} s after everything was healed the projection is not level: {late}")


def _late(partitions: Iterable[dict[str, Any]], log: Log) -> str:
    behind = [each for each in partitions if each["next_offset"] < log.bounds.ends[each["partition"]]]
    return ", ".join(
        f"partition {each['partition']} is at {each['next_offset']} of {log.bounds.ends[each['partition']]}"
        f" ({each.get('stopped') or 'not stopped'})"
        for each in behind
    )


async def _searchable(asker: Asker, log: Log) -> bool:
    """A search that asks for the end of the log is answered (503 until then, which the asker waits out)."""
    position = ",".join(f"{partition}:{offset}" for partition, offset in sorted(log.end.items()))
    await asker.get("/v1/events", {"q": "nothing", "limit": 1, **({"min_position": position} if position else {})})
    return True
