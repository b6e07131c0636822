"""What the processes and PostgreSQL hold: memory, handles, connections, locks. It must come back to what it was."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
from tests.faults.soak.checker.findings import Findings

#: How much more than at first a process may hold after a quiet moment: bytes of memory, and file handles.
MORE_MEMORY: Final = 400 * 2**20
MORE_HANDLES: Final = 200
#: Engines keep what they have learnt: caches, and a file handle for each segment of the log.
MORE_ENGINE_MEMORY: Final = 2 * 2**30
MORE_ENGINE_HANDLES: Final = 2_000
#: How many more connections PostgreSQL may have, how many more locks; and how old a transaction may be, in seconds.
#: Each of two timeline services has two pools of up to ten, which grow under load and keep for minutes what they have.
MORE_CONNECTIONS: Final = 60
MORE_LOCKS: Final = 100
OLDEST_TRANSACTION_SECONDS: Final = 30
QUIET_SECONDS: Final = 60.0
_ENGINES: Final = ("kafka", "postgres", "standby")


@dataclass(frozen=True, slots=True)
class Resources:
    """What is held now: of each process resident bytes and handles; in PostgreSQL all sessions but our own."""

    memory: dict[str, int]
    handles: dict[str, int]
    connections: int
    locks: int
    waiting_locks: int
    old_transactions: int


async def measure(pids: Mapping[str, int], database_url: str) -> Resources:
    """Look once. A process that has gone holds nothing."""
    connection = await asyncpg.connect(database_url, timeout=30)
    try:
        row = await connection.fetchrow(
            """
            select
                (select count(*) from pg_stat_activity
                 where backend_type = 'client backend' and pid <> pg_backend_pid()) as connections,
                (select count(*) from pg_locks where granted and pid <> pg_backend_pid()) as locks,
                (select count(*) from pg_locks where not granted) as waiting_locks,
                (select count(*) from pg_stat_activity
                 where backend_type = 'client backend' and pid <> pg_backend_pid()
                 and xact_start < now() - make_interval(secs => $1)) as old_transactions
            """,
            OLDEST_TRANSACTION_SECONDS,
        )
    finally:
        await connection.close()
    return Resources(
        {name: _memory(pid) for name, pid in pids.items()},
        {name: _handles(pid) for name, pid in pids.items()},
        **dict(row or {}),
    )


async def check_resources(
    before: Resources, pids: Mapping[str, int], database_url: str, findings: Findings, quiet: float = QUIET_SECONDS
) -> None:
    """Look until all is within its bounds, for `quiet` seconds at most; what then is not is a finding."""
    ends = asyncio.get_running_loop().time() + quiet
    while True:
        excess = _excess(before, await measure(pids, database_url))
        if not excess or asyncio.get_running_loop().time() > ends:
            break
        await asyncio.sleep(1)
    for sentence in excess:
        findings.add("wrong", sentence)
    findings.looked_at["processes measured"] += len(pids)


def _excess(before: Resources, now: Resources) -> list[str]:
    found = []
    for name, memory in now.memory.items():
        engine = name.startswith(_ENGINES)
        most = before.memory.get(name, 0) + (MORE_ENGINE_MEMORY if engine else MORE_MEMORY)
        if memory > most:
            found.append(f"{name} holds {memory >> 20} MiB of memory, at most {most >> 20} were expected")
        most = before.handles.get(name, 0) + (MORE_ENGINE_HANDLES if engine else MORE_HANDLES)
        if now.handles[name] > most:
            found.append(f"{name} holds {now.handles[name]} file handles, at most {most} were expected")
    if now.connections > before.connections + MORE_CONNECTIONS:
        found.append(f"PostgreSQL has {now.connections} connections, {before.connections} at first")
    if now.locks > before.locks + MORE_LOCKS:
        found.append(f"PostgreSQL's sessions hold {now.locks} locks, {before.locks} at first")
    if now.waiting_locks:
        found.append(f"{now.waiting_locks} sessions of PostgreSQL wait for locks in a quiet moment")
    if now.old_transactions:
        found.append(f"{now.old_transactions} transactions are open for over {OLDEST_TRANSACTION_SECONDS} s")
    return found


def _memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)


def _handles(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0
