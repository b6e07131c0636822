"""`ingest` as people run it, before all of the product."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack


@dataclass(slots=True)
class Terminal:
    """The command, and what it speaks with."""

    stack: TimelineStack
    ingest_url: str

    async def run(self, *words: str, stdin: bytes = b"", terminal: int | None = None) -> tuple[int, str, str]:
        """Run `ingest …`; returns its exit status, output and complaints."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ingest_service.cli", *words),
            env={**os.environ, "INGEST_URL": self.ingest_url, "TIMELINE_URL": str(self.stack.client.base_url)},
            stdin=asyncio.subprocess.PIPE if terminal is None else terminal,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, complaints = await child.communicate(stdin if terminal is None else None)
        assert child.returncode is not None
        assert b"Traceback" not in complaints, complaints.decode()
        return child.returncode, output.decode(), complaints.decode()

    async def asked(self, *words: str, answer: bytes) -> tuple[int, str, str]:
        """The same of somebody who sits before it and answers what they are asked."""
        ours, theirs = os.openpty()
        try:
            os.write(ours, answer)
            return await self.run(*words, terminal=theirs)
        finally:
            os.close(ours)
            os.close(theirs)

    async def post(self, batch: str, *events: Any, **terms: str) -> None:
        """Post events as a load, and wait until they are found."""
        options = [word for name, value in terms.items() for word in (f"--{name}", value)]
        status, output, complaints = await self.run("post", "-", "--batch", batch, *options, stdin=ndjson(*events))
        assert (status, output.splitlines()[0]) == (0, f"recorded {len(events)}, refused 0"), complaints
        await self.settled()

    async def settled(self) -> None:
        """Wait until all that was recorded is found."""
        status = await self.stack.get("/v1/status")
        ends = {item["partition"]: item["log_end"] for item in status["partitions"] if item["log_end"]}
        await self.stack.get("/v1/events", ",".join(f"{partition}:{end - 1}" for partition, end in ends.items()))

    async def event(self, event_id: str) -> dict[str, Any]:
        """An event as it is now."""
        await self.settled()
        return await self.stack.get(f"/v1/events/{event_id}")


@asynccontextmanager
async def ingest_terminal(engines: Engines, **environment: str) -> AsyncIterator[Terminal]:
    """One with a log, a projector and both services of its own."""
    async with timeline_stack(engines) as stack:
        ingest = await stack.services.ingest(TIMELINE_URL=str(stack.client.base_url).rstrip("/"))
        yield Terminal(stack, ingest.url)


def ndjson(*events: Any) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)
