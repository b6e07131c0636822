"""Who works on the projection: each process says now and then that it is there."""

import os
import socket
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from timeline_service.adapters.postgres.database import connected_to_control
from timeline_service.adapters.postgres.sql_files import read_statements

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Pool

#: A process that has not been heard of for so many seconds is gone.
GONE_SECONDS: Final = 30.0
ProcessKind = Literal["projector", "replayer"]


def own_name() -> str:
    """The name of this process in checkpoints, replays and status: `host/pid`."""
    return f"{socket.gethostname()}/{os.getpid()}"


class PostgresProcesses:
    """The table of processes. All methods raise UnavailableError when the server is away."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._sql: Final = read_statements("processes")

    async def hear(self, name: str, kind: ProcessKind) -> None:
        """Note that a process is there, and forget those that have long been gone."""
        async with connected_to_control(self._pool) as connection:
            await connection.execute(self._sql["hear"], name, kind)
            await connection.execute(self._sql["sweep"])

    async def gone(self, names: Iterable[str]) -> dict[str, datetime]:
        """Those of these processes that are gone, with when each was last heard of."""
        async with connected_to_control(self._pool) as connection:
            rows = await connection.fetch(self._sql["gone"], sorted(set(names)), GONE_SECONDS)
        return {row["name"]: row["heard_at"] for row in rows}
