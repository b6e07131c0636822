import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.running.session_folder import watch_session_folder

from local_stack import services
from local_stack.errors import StackError
from local_stack.processes import Process
from local_stack.services import projection, rebuilding, wait_until_ready
from local_stack.settings import Settings, read_settings

PROGRESS = {"phase": "folding", "records": 7, "total": 9}
WORDS = "the projection is made anew from the log (folding, 7 of 9 records)"


@dataclass(slots=True)
class Timeline:
    """What stands at the ports of timeline service and projector: it says what `answer` says of its paths."""

    settings: Settings
    answer: Callable[[str], bytes] = lambda _: b""
    asked: list[str] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.asked.append(path)
        body = self.answer(path)
        status = b"200 OK" if body else b"503 Service Unavailable"
        writer.write(b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        await writer.drain()
        writer.close()


@pytest.fixture
async def timeline(tmp_path: Path) -> AsyncIterator[Timeline]:
    standing = Timeline(read_settings({"STATE_DIR": str(tmp_path)}))
    servers = [await asyncio.start_server(standing.take, "127.0.0.1", 0) for _ in range(2)]
    timeline, projector = (str(server.sockets[0].getsockname()[1]) for server in servers)
    ports = {"TIMELINE_PORT": timeline, "PROJECTOR_PORT": projector}
    standing.settings = read_settings({"STATE_DIR": str(tmp_path), **ports})
    async with servers[0], servers[1]:
        yield standing


@pytest.fixture
async def process(timeline: Timeline) -> AsyncIterator[Process]:
    watch_session_folder()
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    running = Process("projector", command, timeline.settings.state_dir)
    running.start()
    yield running
    await running.stop()


def rebuild(state: str) -> bytes:
    return json.dumps({"items": [{"kind": "rebuild", "state": state, "progress": PROGRESS}]}).encode()


async def test_a_rebuild_is_waited_for_as_long_as_it_takes(
    timeline: Timeline, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "READY_SECONDS", 0.3)
    monkeypatch.setattr(services, "REBUILD_SECONDS", 0.05)
    said: list[str] = []

    def answer(path: str) -> bytes:
        done = timeline.asked.count("/v1/replays") > 10
        return {"/v1/replays": rebuild("running"), "/readyz": b"{}" if done else b""}[path]

    timeline.answer = answer
    await wait_until_ready(timeline.settings, process, said.append)
    assert said == [f"projector waits: {WORDS}"]


async def test_a_rebuild_that_nobody_takes_is_not_waited_for(
    timeline: Timeline, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "READY_SECONDS", 0.3)
    monkeypatch.setattr(services, "REBUILD_SECONDS", 0.05)
    timeline.answer = lambda path: rebuild("queued") if path == "/v1/replays" else b""
    with pytest.raises(StackError, match="projector is not ready"):
        await wait_until_ready(timeline.settings, process, print)
    assert await rebuilding(timeline.settings, "queued", "running") == WORDS


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"another": "service"}', b"\xff"])
async def test_another_program_in_the_place_of_the_timeline_service_says_nothing(
    timeline: Timeline, body: bytes
) -> None:
    timeline.answer = lambda _: body
    assert await projection(timeline.settings) is None
    assert not await rebuilding(timeline.settings, "running")
