"""An arena: both engines and all of the product's processes, behind proxies, supervised, ready to be attacked.

    async with open_arena(folder) as arena:
        ...

Everything in it is gone at the end, also when the run is cancelled, fails, or is killed.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from tests.faults.soak.clocks import Clocks, prepare_clocks
from tests.faults.soak.disks import Disks, open_disks
from tests.faults.soak.kafka_nodes import KafkaNode, prepare_nodes
from tests.faults.soak.members import MARK, End, Member
from tests.faults.soak.own_records import Foreign, note_own_records
from tests.faults.soak.proxy import Proxy
from tests.faults.soak.recovery import recover
from tests.faults.soak.standby import Standby, start_standby
from tests.faults.soak.warden import clear_away, start_warden
from tests.support.free_ports import free_port
from tests.support.session_folder import ROOT, borrowed_session
from tests.support.waiting import wait_until

from local_stack.commands import run_command
from local_stack.postgres_engine import prepare_postgres
from local_stack.topic import create_topic

PARTITIONS: Final = 6
START_SECONDS: Final = 150.0
_SOURCES: Final = ("schemas/src", "ingest-service/src", "timeline-service/src")
_POSTGRES_OPTIONS: Final = {"max_wal_size": "256MB", "wal_keep_size": "512MB", "hot_standby": "on"}
_DISK_MEGABYTES: Final = 6_144
_SPILL_MEGABYTES: Final = 1_024


class ArenaError(Exception):
    """The arena could not be made as it was asked for."""


@dataclass(slots=True, eq=False)
class Arena:
    """What runs, and where. Whoever attacks it says so in it, so that what follows is not taken for a finding."""

    root: Path
    folder: Path
    topic: str
    partitions: int
    ingest_urls: tuple[str, ...]
    timeline_urls: tuple[str, ...]
    database_url: str
    nodes: list[KafkaNode]
    clocks: Clocks
    disks: Disks
    spill_disk: Path
    disk_megabytes: int
    #: Where the data of each PostgreSQL lie.
    data_disks: dict[str, Path]
    members: dict[str, Member] = field(default_factory=dict)
    kafka_proxies: list[Proxy] = field(default_factory=list)
    postgres_proxy: Proxy = field(init=False)
    standby: Standby | None = None
    foreign: list[Foreign] = field(default_factory=list)
    #: The SHA-256 of the values that strangers sent, whether or not they were acknowledged, with what they are.
    sent: dict[str, str] = field(default_factory=dict)
    unexpected_ends: list[End] = field(default_factory=list)
    #: What was seen that no fault excuses, in words.
    violations: list[str] = field(default_factory=list)
    #: The faults that the arena suffers now.
    struck: list[str] = field(default_factory=list)
    #: The name of the PostgreSQL that is written.
    primary: str = "postgres"

    @property
    def bootstrap_servers(self) -> str:
        """Kafka, directly."""
        return ",".join(f"127.0.0.1:{node.direct}" for node in self.nodes)

    @property
    def proxies(self) -> list[Proxy]:
        """All that stand before the engines."""
        return [*self.kafka_proxies, self.postgres_proxy, *([self.standby.proxy] if self.standby else [])]

    @property
    def kafka_names(self) -> list[str]:
        """The names of Kafka's processes."""
        return [node.name for node in self.nodes]

    @property
    def engine_names(self) -> list[str]:
        """The names of the engines' processes."""
        return [*self.kafka_names, *self.data_disks]

    @property
    def service_names(self) -> list[str]:
        """The names of the product's processes."""
        return [name for name in self.members if name not in self.engine_names]

    def pids(self) -> dict[str, int]:
        """What runs, by name."""
        return {name: member.pid for name, member in self.members.items() if member.pid is not None}

    def add(self, name: str, command: Sequence[str], environment: Mapping[str, str], place: Path | None = None) -> None:
        """Have a process in it, which does not run yet."""
        own = {MARK: str(self.folder), **self.clocks.environment(name), **environment}
        log_file = self.folder / "logs" / f"{name}.log"
        self.members[name] = Member(name, command, own, log_file, self.unexpected_ends.append, place)

    def add_postgres(self, name: str, command: Sequence[str], disk: Path) -> None:
        """Have a PostgreSQL in it, given how the local stack starts it, whose data lie on a disk."""
        options = (part for item in _POSTGRES_OPTIONS.items() for part in ("-c", "=".join(item)))
        self.data_disks[name] = disk
        self.add(name, [*command, *options], {})

    @contextmanager
    def excusing(self, *names: str) -> Iterator[None]:
        """Meanwhile these may end by themselves: a fault explains it."""
        for name in names:
            self.members[name].excused += 1
        try:
            yield
        finally:
            for name in names:
                self.members[name].excused -= 1


@asynccontextmanager
async def open_arena(
    folder: Path,
    *,
    root: Path = ROOT,
    brokers: int = 1,
    standby: bool = False,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Arena]:
    """Start one in a folder, which must be new or empty, and wait until it works; it is cleared away at the end.

    The logs stay in `folder/logs`. `root` is the checkout whose code the services run; `environment` is what they
    are told besides. Raises ArenaError or StackError when it does not come up.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it says ten times a second that a broker is away
    folder, root = _settled(folder), _settled(root)
    async with AsyncExitStack() as stack:
        stack.enter_context(borrowed_session(folder))
        warden = await start_warden(folder, ROOT)
        stack.push_async_callback(_dismiss, warden, folder)
        arena = await _prepare(folder, root, brokers)
        stack.push_async_callback(_close, arena)
        await _start_engines(arena)
        if standby:
            await start_standby(arena)
        await _start_services(arena, dict(environment or {}))
        yield arena


def _settled(folder: Path) -> Path:
    """The folder's absolute path; it is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


async def _prepare(folder: Path, root: Path, brokers: int) -> Arena:
    """Lay out the engines, and the proxies before them; nothing runs yet."""
    disks = open_disks(folder / "disks")
    clocks = _settled(folder / "clocks")
    arena = Arena(
        root=root,
        folder=folder,
        topic="dyadline.soak",
        partitions=PARTITIONS,
        ingest_urls=(f"http://127.0.0.1:{free_port()}",),
        timeline_urls=tuple(f"http://127.0.0.1:{free_port()}" for _ in range(2)),
        database_url=f"postgresql://dyadline@127.0.0.1:{free_port()}/dyadline",
        nodes=await prepare_nodes(folder, brokers),
        clocks=await prepare_clocks(clocks),
        disks=disks,
        spill_disk=disks.mount("spill", _SPILL_MEGABYTES),
        disk_megabytes=_DISK_MEGABYTES,
        data_disks={"postgres": disks.mount("postgres", _DISK_MEGABYTES)},
    )
    for node in arena.nodes:
        arena.add(node.name, node.command, {"LC_ALL": "C.UTF-8"}, node.folder)
        arena.kafka_proxies.append(Proxy(node.proxy, ("127.0.0.1", node.behind)))
    arena.postgres_proxy = Proxy(free_port(), ("127.0.0.1", port_of(arena.database_url)))
    server = await prepare_postgres(arena.data_disks["postgres"], port_of(arena.database_url))
    arena.add_postgres("postgres", server.command, arena.data_disks["postgres"])
    return arena


async def _start_engines(arena: Arena) -> None:
    for name in arena.engine_names:
        arena.members[name].start()
    for proxy in arena.proxies:
        await proxy.listen()
    try:
        await wait_until(
            partial(_database_made, arena), START_SECONDS, ignore=(asyncpg.PostgresError, OSError, TimeoutError)
        )
        await wait_until(partial(_all_brokers, arena), START_SECONDS, ignore=(KafkaError, OSError, ValueError))
    except AssertionError as error:
        raise ArenaError(f"the engines do not start: {error}; ends: {arena.unexpected_ends}") from error
    await create_topic(arena.bootstrap_servers, arena.topic, arena.partitions)


async def _start_services(arena: Arena, environment: dict[str, str]) -> None:
    shared = _service_environment(arena) | environment
    await _require_sources(arena.root, shared)
    migrate = [sys.executable, "-m", "timeline_service.cli", "migrate"]
    await run_command(migrate, "the database could not be migrated", shared)
    timeline = ("-m", "timeline_service.cli")
    (ingest_url,) = arena.ingest_urls
    services = {
        "ingest": (("-m", "ingest_service.cli", "serve"), {"INGEST_PORT": str(port_of(ingest_url))}),
        **{
            f"timeline-{number}": ((*timeline, "serve"), {"TIMELINE_PORT": str(port_of(url))})
            for number, url in enumerate(arena.timeline_urls, 1)
        },
        "projector-1": ((*timeline, "project"), {}),
        "projector-2": ((*timeline, "project"), {}),
        "replayer": ((*timeline, "replayer"), {}),
    }
    for name, (words, own) in services.items():
        arena.add(name, (sys.executable, *words), {**shared, **own})
        arena.members[name].start()
    seconds, missing = await recover(arena, START_SECONDS)
    if missing:
        raise ArenaError(f"the arena does not work after {seconds:.0f} s: {missing}")
    await note_own_records(arena)


def _service_environment(arena: Arena) -> dict[str, str]:
    """What all of the product's processes are told."""
    return {
        "PYTHONPATH": os.pathsep.join(str(arena.root / source) for source in _SOURCES),
        "PYTHONUNBUFFERED": "1",
        "KAFKA_BOOTSTRAP_SERVERS": ",".join(f"127.0.0.1:{proxy.port}" for proxy in arena.kafka_proxies),
        "DATABASE_URL": f"postgresql://dyadline@127.0.0.1:{arena.postgres_proxy.port}/dyadline",
        "INGEST_TOPIC": arena.topic,
        "TIMELINE_TOPIC": arena.topic,
        "TIMELINE_URL": arena.timeline_urls[0],
        "TIMELINE_SPILL_FOLDER": str(arena.spill_disk),
        "TMPDIR": str(arena.spill_disk),
    }


async def _require_sources(root: Path, environment: Mapping[str, str]) -> None:
    """Raises StackError if other sources than those of `root` would run."""
    script = (
        "import sys, pathlib, event_schemas, service_edge, ingest_service, timeline_service as last\n"
        "for each in (event_schemas, service_edge, ingest_service, last):\n"
        "    if not pathlib.Path(each.__file__).is_relative_to(sys.argv[1]): sys.exit(f'{each.__file__} would run')"
    )
    await run_command([sys.executable, "-c", script, str(root)], f"not the sources of {root}", environment)


async def _database_made(arena: Arena) -> bool:
    """Make the database, as soon as the server answers."""
    server, _, name = arena.database_url.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres", timeout=5)
    try:
        await connection.execute(f"create database {name}")
    finally:
        await connection.close()
    return True


async def _all_brokers(arena: Arena) -> bool:
    """Whether each broker is counted in by the cluster."""
    admin = AIOKafkaAdminClient(bootstrap_servers=arena.bootstrap_servers, request_timeout_ms=5_000)
    try:
        await admin.start()
        return len((await admin.describe_cluster())["brokers"]) == len(arena.nodes)
    finally:
        await admin.close()


async def _close(arena: Arena) -> None:
    """End the services in order, and the engines at once: nobody needs their data any more."""
    for proxy in arena.proxies:
        await proxy.heal()
    await asyncio.gather(*(arena.members[name].stop() for name in arena.service_names))
    await asyncio.gather(*(arena.members[name].abandon() for name in arena.engine_names))
    for proxy in arena.proxies:
        await proxy.close()
    arena.disks.unmount()


async def _dismiss(warden: asyncio.subprocess.Process, folder: Path) -> None:
    await clear_away(folder)
    warden.terminate()
    await warden.wait()


def port_of(url: str) -> int:
    """The port of a URL that names one."""
    port = urlsplit(url).port
    assert port is not None
    return port
