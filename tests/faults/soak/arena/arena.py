"""An arena: both engines and all of the product's processes, behind proxies, supervised, ready to be attacked.

    async with open_arena(folder) as arena:
        ...

Everything in it is gone at the end, also when the run is cancelled, fails, or is killed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults.soak.arena.clocks import Clocks, prepare_clocks
from tests.faults.soak.arena.disks import Disks, open_disks
from tests.faults.soak.arena.kafka_nodes import KafkaNode, prepare_nodes
from tests.faults.soak.arena.members import MARK, End, Member
from tests.faults.soak.arena.own_records import Foreign
from tests.faults.soak.arena.proxy import Proxy
from tests.faults.soak.arena.staging import port_of, start_engines, start_services
from tests.faults.soak.arena.standby import Standby, start_standby
from tests.faults.soak.arena.warden import clear_away, start_warden
from tests.support.running.free_ports import free_port
from tests.support.running.session_folder import ROOT, borrowed_session

from local_stack.postgres_engine import prepare_postgres

PARTITIONS: Final = 6
_POSTGRES_OPTIONS: Final = {"max_wal_size": "256MB", "wal_keep_size": "512MB", "hot_standby": "on"}
_AFTERMATH_SECONDS: Final = 5.0
_DISK_MEGABYTES: Final = 6_144
_SPILL_MEGABYTES: Final = 1_024


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
        """Meanwhile, and for some seconds more, these may end by themselves: a fault explains it."""
        members = [self.members[name] for name in names]
        for member in members:
            member.excused += 1
        try:
            yield
        finally:
            for member in members:
                asyncio.get_running_loop().call_later(_AFTERMATH_SECONDS, member.blame)


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
        await start_engines(arena)
        told = dict(environment or {})
        if standby:  # which is read, too, until it is promoted
            told["TIMELINE_READ_DATABASE_URL"] = await start_standby(arena)
        await start_services(arena, told)
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
