"""Bugs to plant in a copy of the product: each is one that such a system has had, and the bench has to find it.

A planted bug is an edit of one place. If the code there has changed, the bug cannot be planted any more, and a test
says so: it is then to be written anew, never to be dropped.
"""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults.soak.trial import Plan, carry_out
from tests.support.running.processes import SOURCES
from tests.support.running.session_folder import ROOT


class UnplantableError(Exception):
    """The place that a bug changes is not there, or not once."""


@dataclass(frozen=True, slots=True)
class PlantedBug:
    """What to replace by what in a file, and the faults during which it shows (none: it shows in good weather).

    `seconds` is how long it is attacked, `durations` how long each fault lasts. `pace` is less load than a soak has, so
    that there is less to check.
    """

    name: str
    file: str
    right: str
    wrong: str
    faults: tuple[str, ...] = ()
    seconds: float = 30.0
    pace: float = 0.3
    durations: tuple[float, ...] | None = None
    seed: int = 1

    def plant(self, root: Path) -> None:
        """Make the mistake in a copy of the sources; raises UnplantableError."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.right) != 1:
            raise UnplantableError(f"{self.name}: {self.file} holds what it changes {text.count(self.right)} times")
        path.write_text(text.replace(self.right, self.wrong), encoding="utf-8")


def copy_sources(folder: Path) -> Path:
    """The product's sources, copied into a new folder: the root of a checkout as far as the arena needs one."""
    for source in SOURCES:
        shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


#: Less patience with what has come to a stop than a soak has.
_LEVEL_SECONDS: Final = 60.0

_TIMELINE: Final = "timeline-service/src/timeline_service"
_INGEST: Final = "ingest-service/src/ingest_service"

BUGS: Final = (
    PlantedBug(
        "offsets are committed before their rows",
        f"{_TIMELINE}/adapters/postgres/projection.py",
        "            await self._advance(connection, checkpoints, advances, changes)\n"
        "            await self.write_rows(connection, changes)\n",
        "            await self._advance(connection, checkpoints, advances, changes)\n"
        "            await connection.execute('commit; begin')\n"
        "            await self.write_rows(connection, changes)\n",
        ("cut postgres", "kill both projectors", "kill postgres"),
        seconds=60,
        durations=(0.3,),
    ),
    PlantedBug(
        "records are acknowledged before the broker does",
        f"{_INGEST}/adapters/kafka_session.py",
        "        finally:\n            if waiting := [",
        "        finally:\n"
        "            for index in indexes:\n"
        "                results[index] = results[index] or Appended(partition, 0, datetime.now(UTC))\n"
        "            if waiting := [",
        ("freeze kafka",),
        durations=(15.0,),
    ),
    PlantedBug(
        "a record is skipped at a rebalance",
        f"{_TIMELINE}/projector/intake.py",
        "        return records[1:]\n",
        "        return records[2:]\n",
        ("kill projector-1", "rebalance the projectors' group"),
        durations=(1.0,),
    ),
    PlantedBug(
        "an owner that was replaced goes on writing",
        f"{_TIMELINE}/sql/projection.sql",
        "where mine.partition = batch.partition and mine.epoch = batch.epoch and mine.next_offset = batch.expected\n"
        "    and mine.stopped is null\n",
        "where mine.partition = batch.partition\n",
        ("freeze projector-1", "freeze projector-2"),
        seconds=90,
        durations=(9.0,),
        pace=1.0,  # it has to be frozen while it has something in hand
    ),
    PlantedBug(
        "a stop raises a cancellation of Kafka's client",
        "schemas/service-edge/src/service_edge/kafka_clients.py",
        "await _within(seconds, client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())",
        "await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())",
        ("kill kafka",),
        seconds=50,
        durations=(45.0,),
    ),
    PlantedBug(
        "a cursor is off by one",
        f"{_TIMELINE}/adapters/postgres/selections.py",
        '    "beyond": ">",\n',
        '    "beyond": ">=",\n',
    ),
    PlantedBug(
        "a rebuild leaves the last record out",
        f"{_TIMELINE}/replay/loading/partition_load.py",
        "spill.add([fold.date(raw) for raw in batch])",
        "spill.add([fold.date(raw) for raw in batch if raw.offset + 1 < load.end])",
        ("ask for a rebuild",),
        seconds=60,
        durations=(10.0,),
    ),
    PlantedBug(
        "only the current words make a duplicate",
        f"{_TIMELINE}/judge/fold.py",
        "    for known in history.revisions:\n        if known.digest == record.digest:\n",
        "    for known in history.revisions[-1:]:\n        if known.digest == record.digest:\n",
    ),
    PlantedBug(
        "a stream resumes one record late",
        f"{_TIMELINE}/api/routes/feed.py",
        "{partition: number + 1 for partition, number in last.items()}",
        "{partition: number + 2 for partition, number in last.items()}",
    ),
    PlantedBug(
        "a read does not wait for its position",
        f"{_TIMELINE}/adapters/postgres/reader.py",
        "                if reached(point.vector, positions):\n",
        "                if reached(point.vector, positions) or len(positions) == 1:\n",
    ),
    PlantedBug(
        "a read point of the past is one record short",
        f"{_TIMELINE}/sql/reader.sql",
        "case when probe.recorded_at <= $instant then probe.from_offset + 1 else half.low end",
        "case when probe.recorded_at <= $instant then probe.from_offset else half.low end",
    ),
    PlantedBug(
        "documents pass a revision over",
        f"{_TIMELINE}/adapters/postgres/search_documents.py",
        "reached = goal if len(rows) < most else rows[-1].from_offset + 1",
        "reached = goal if len(rows) < most else rows[-1].from_offset + 2",
        ("kill both projectors",),
        durations=(3.0,),
    ),
    PlantedBug(
        "a corrected event stays in the pairs that it has left",
        f"{_TIMELINE}/judge/batch.py",
        "for pair in entry.pairs]",
        "for pair in entry.pairs[:1]]",
    ),
)


def _planted(bug: PlantedBug, folder: Path) -> Path:
    folder.mkdir(parents=True)
    root = copy_sources(folder / "sources")
    bug.plant(root)
    return root


async def find(bug: PlantedBug, folder: Path, say: Callable[[str], None]) -> tuple[bool, float, str]:
    """Plant a bug in a copy and attack it; returns whether it was found, the seconds, and the first finding."""
    root = await asyncio.to_thread(_planted, bug, folder)
    plan = Plan(
        bug.seed, bug.seconds, names=bug.faults, durations=bug.durations, pace=bug.pace, level_seconds=_LEVEL_SECONDS
    )
    outcome = await carry_out(plan, folder / "arena", say, root=root)
    found = outcome.findings
    first = next((each for kind in (found.lost, found.twice, found.wrong) for each in kind), "")
    return not found.ok, outcome.seconds, first
