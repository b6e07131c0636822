import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.support.running.session_folder import session_folder, watch_session_folder
from tests.support.waiting import wait_until

from local_stack import processes
from local_stack.errors import StackError
from local_stack.ports import Listener, require_port
from local_stack.processes import Process

SLEEP = "import signal; print('up', flush=True); signal.pause()"
DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()"
)

PARENT = (
    "import signal, subprocess, sys\n"
    f"child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}], stdout=subprocess.DEVNULL, close_fds=False)\n"
    "print(child.pid, flush=True)\n"
    "signal.pause()"
)


def program(state_dir: Path, code: str = SLEEP) -> Process:
    return Process("program", [sys.executable, "-c", code], state_dir)


@pytest.fixture
async def state_dir() -> AsyncIterator[Path]:
    watch_session_folder()
    folder = session_folder() / f"a folder {os.getpid()} {os.urandom(4).hex()}"
    yield folder
    await program(folder).stop()


async def test_a_process_is_found_by_its_pid_file_and_its_log(state_dir: Path) -> None:
    process = program(state_dir)
    assert process.pid() is None
    process.start()
    pid = process.pid()
    assert process.pid_file.read_text() == f"{pid}\n"
    await wait_until(lambda: "up" in process.log_end())
    assert pid is not None
    assert psutil.Process(pid).cmdline() == process.command
    assert await process.stop() == "stopped program"
    assert list(process.pid_file.parent.iterdir()) == []
    assert not psutil.pid_exists(pid)


async def test_stopping_what_does_not_run_says_so(state_dir: Path) -> None:
    assert not await program(state_dir).stop()


async def test_a_stale_pid_file_with_the_pid_of_another_deceives_nobody(state_dir: Path) -> None:
    process = program(state_dir)
    process.pid_file.parent.mkdir(parents=True)
    process.pid_file.write_text(f"{os.getpid()}\n")
    assert process.pid() is None
    process.start()
    assert process.pid() not in {None, os.getpid()}


async def test_a_process_that_was_killed_is_seen_to_be_gone_and_started_again(state_dir: Path) -> None:
    process = program(state_dir)
    process.start()
    pid = process.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await wait_until(lambda: process.pid() is None)
    process.start()
    assert process.pid() not in {None, pid}
    assert process.log_file.with_suffix(".log.1").exists()


async def test_it_cannot_be_started_twice(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOCK_SECONDS", 0.05)
    process = program(state_dir)
    process.start()
    with pytest.raises(StackError, match="program runs already"):
        process.start()


async def test_one_that_does_not_listen_is_killed(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.1)
    process = program(state_dir, DEAF)
    process.start()
    await wait_until(lambda: "up" in process.log_end())
    assert await process.stop() == "killed program: 0.1 s after it was asked to end it still ran"
    assert process.pid() is None


async def test_one_that_is_halted_is_resumed_to_end_in_order(state_dir: Path) -> None:
    process = program(state_dir)
    process.start()
    pid = process.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    assert await process.stop() == "stopped program, which was halted"
    assert not psutil.pid_exists(pid)


async def test_what_it_has_started_goes_with_it(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.2)
    process = program(state_dir, PARENT)
    process.start()
    await wait_until(lambda: process.log_end().strip().isdecimal())
    child = int(process.log_end())
    pid = process.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await wait_until(lambda: not psutil.pid_exists(pid))
    assert process.pid() is not None  # it has not ended as long as a part of it lives on
    assert "killed program" in await process.stop()
    await wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit(3)", "with exit status 3"),
        ("pass", "with exit status 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
    ],
)
async def test_it_is_known_how_it_ended(state_dir: Path, code: str, words: str) -> None:
    process = program(state_dir, code)
    process.start()
    await wait_until(lambda: process.pid() is None)
    assert program(state_dir).how_it_ended() == words


async def test_it_is_known_what_it_was_started_with_but_not_written(state_dir: Path) -> None:
    def told(**environment: str) -> Process:
        return Process("program", [sys.executable, "-c", SLEEP], state_dir, environment=environment)

    process = told(PORT="1", URL="postgresql://u:secret@h/d")
    process.start()
    assert told(PORT="1", URL="postgresql://u:secret@h/d").changes() == []
    assert told(PORT="2", URL="postgresql://u:other@h/d", MORE="").changes() == ["MORE", "PORT", "URL"]
    assert told(PORT="1").changes() == ["URL"]
    assert Process("program", ["other"], state_dir, environment=process.environment).changes() == ["the command"]
    assert not any("secret" in file.read_text() for file in process.pid_file.parent.iterdir())


async def test_the_end_of_the_log_says_why_it_ended(state_dir: Path) -> None:
    process = program(state_dir, "print(*range(40), sep='\\n'); raise SystemExit('no such thing')")
    process.start()
    await wait_until(lambda: process.pid() is None)
    words = str(process.ended())
    assert words.startswith(f"program has ended by itself, with exit status 1. The end of {process.log_file}:")
    assert "no such thing" in words
    assert "\n  39\n" in words
    assert "\n  5\n" not in words


async def test_it_survives_the_signals_of_our_terminal(state_dir: Path) -> None:
    process = program(state_dir)
    process.start()
    pid = process.pid()
    assert pid is not None
    assert os.getsid(pid) != os.getsid(0)


async def test_a_stop_that_is_cancelled_can_be_done_again(state_dir: Path) -> None:
    process = program(state_dir, DEAF)
    process.start()
    await wait_until(lambda: "up" in process.log_end())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(process.stop(), 0.05)
    assert process.pid() is not None
    os.kill(process.pid() or 0, signal.SIGKILL)
    await process.stop()


def test_a_taken_port_is_named_with_its_variable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(StackError, match=rf"port {port} for Kafka is taken.*KAFKA_PORT=") as caught:
            require_port(Listener(port, "KAFKA_PORT", "Kafka"))
        assert "another program" in str(caught.value)
    require_port(Listener(port, "KAFKA_PORT", "Kafka"))


def test_nothing_runs_in_a_state_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert program(tmp_path / "file").pid() is None


async def test_it_is_known_that_the_code_has_changed_since_it_was_started(state_dir: Path) -> None:
    process = program(state_dir)
    process.start()
    assert process.changes() == []
    newer = replace(process, code="newer")
    assert newer.changes() == ["the code"]
    assert await process.stop()
    newer.start()
    assert newer.changes() == []
    assert replace(process, code="newest").changes() == ["the code"]
