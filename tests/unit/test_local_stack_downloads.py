import asyncio
import hashlib
import sys
from pathlib import Path

import psutil
import pytest
from tests.support.waiting import wait_until

from local_stack import kafka_archive
from local_stack.commands import run_command
from local_stack.data_folders import fresh_folder, is_laid_out, move_into_place
from local_stack.errors import StackError
from local_stack.kafka_archive import fetch, wrong_jars
from local_stack.terminal import printable


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for downloads; what is pinned is one jar, and what is resolved lies in `served`."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "one.jar").write_bytes(b"right")
    monkeypatch.setattr(kafka_archive, "_pinned", lambda: {"one.jar": hashlib.sha256(b"right").hexdigest()})
    monkeypatch.setattr(kafka_archive, "_resolve", lambda work: list((tmp_path / "served").iterdir()))
    return tmp_path / "downloads"


def jars(downloads: Path) -> dict[str, bytes]:
    return {jar.name: jar.read_bytes() for jar in (downloads / f"kafka-{kafka_archive.VERSION}").glob("*")}


def test_pinned_jars_are_kept(downloads: Path) -> None:
    fetch(downloads)
    assert jars(downloads) == {"one.jar": b"right"}


def test_a_jar_with_another_checksum_is_refused_and_nothing_is_kept(downloads: Path) -> None:
    (downloads.parent / "served" / "one.jar").write_bytes(b"wrong")
    with pytest.raises(StackError, match=r"not those that are pinned: one\.jar"):
        fetch(downloads)
    assert jars(downloads) == {}
    assert [path.name for path in downloads.iterdir()] == ["fetching.lock"]


def test_a_jar_too_many_is_refused(downloads: Path) -> None:
    (downloads.parent / "served" / "two.jar").write_bytes(b"more")
    with pytest.raises(StackError, match=r"two\.jar"):
        fetch(downloads)


def test_a_cache_that_was_damaged_is_fetched_again(downloads: Path) -> None:
    fetch(downloads)
    folder = downloads / f"kafka-{kafka_archive.VERSION}"
    (folder / "one.jar").write_bytes(b"rig")
    assert wrong_jars(folder) == ["one.jar"]
    fetch(downloads)
    assert wrong_jars(folder) == []


def test_what_a_killed_fetch_has_left_is_removed(downloads: Path) -> None:
    (downloads / "fetching-before" / "jars").mkdir(parents=True)
    fetch(downloads)
    assert sorted(path.name for path in downloads.iterdir()) == ["fetching.lock", f"kafka-{kafka_archive.VERSION}"]


def test_the_pinned_checksums_name_kafka() -> None:
    pinned = kafka_archive._pinned()
    assert f"kafka_2.13-{kafka_archive.VERSION}.jar" in pinned
    assert all(len(digest) == 64 for digest in pinned.values())


def test_a_data_folder_that_has_its_name_is_whole(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    assert not is_laid_out(state_dir, "kafka")
    first = fresh_folder(state_dir, "kafka")
    (first / "half").write_text("done")
    assert not is_laid_out(state_dir, "kafka")
    second = fresh_folder(state_dir, "kafka")
    assert not first.exists()
    (second / "data").mkdir()
    move_into_place(second / "data", state_dir, "kafka")
    assert is_laid_out(state_dir, "kafka")
    assert [path.name for path in state_dir.iterdir()] == ["kafka"]


async def test_a_command_that_fails_is_reported_with_its_output() -> None:
    with pytest.raises(StackError, match=r"it could not be done:\nfor this reason"):
        await run_command([sys.executable, "-c", "raise SystemExit('for this reason')"], "it could not be done")


async def test_a_command_that_is_interrupted_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f'sleep 1000 & echo $! $$ > "{pids}.new"; mv "{pids}.new" "{pids}"; wait'
    running = asyncio.create_task(run_command(["/bin/sh", "-c", script], "failed"))
    await wait_until(pids.exists)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    pids_of_both = [int(pid) for pid in pids.read_text().split()]
    await wait_until(lambda: not any(is_alive(pid) for pid in pids_of_both))


def is_alive(pid: int) -> bool:
    return bool(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


def test_a_line_of_a_log_cannot_move_the_cursor() -> None:
    assert printable("naïve\t\x1b[2J") == "naïve\t\N{REPLACEMENT CHARACTER}[2J"
