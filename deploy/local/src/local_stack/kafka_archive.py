"""Kafka's jars: resolved from Maven Central once, checked against pinned checksums, kept in a folder.

`python -m local_stack.kafka_archive FOLDER` fetches them: a process of its own, because a download that is under
way can only be ended with its process.
"""

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Final

from local_stack.commands import run_command
from local_stack.errors import StackError

VERSION: Final = "4.3.1"
ENDPOINT: Final = f"org.apache.kafka:kafka_2.13:{VERSION}+org.slf4j:slf4j-simple:1.7.36"
_WORK: Final = "fetching-"


async def kafka_jars(downloads: Path) -> Path:
    """The folder that holds exactly the pinned jars, fetched if it does not; raises StackError."""
    folder = downloads / f"kafka-{VERSION}"
    if wrong_jars(folder):
        command = [sys.executable, "-m", "local_stack.kafka_archive", str(downloads)]
        await run_command(command, "Kafka could not be fetched")
    return folder


def fetch(downloads: Path) -> None:
    """Put the jars into the folder; raises StackError. Several may do so at once: one works, the others wait."""
    folder = downloads / f"kafka-{VERSION}"
    downloads.mkdir(parents=True, exist_ok=True)
    with (downloads / "fetching.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wrong_jars(folder):
            return
        for left_over in downloads.glob(f"{_WORK}*/"):  # by a fetch that was killed
            shutil.rmtree(left_over, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_WORK, dir=downloads) as work:
            fresh = Path(work) / "jars"
            fresh.mkdir()
            for jar in _resolve(Path(work)):
                shutil.copy(jar, fresh / jar.name)
            if wrong := wrong_jars(fresh):
                raise StackError(f"these jars are not those that are pinned: {', '.join(wrong)}. None of them was kept")
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)


def wrong_jars(folder: Path) -> list[str]:
    """The jars that are missing from a folder, that do not belong there, or whose checksum is not the pinned one."""
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*")}
    pinned = _pinned()
    return sorted(name for name in pinned.keys() | found.keys() if pinned.get(name) != found.get(name))


def _pinned() -> dict[str, str]:
    lines = (files("local_stack") / "kafka_jars.sha256").read_text().splitlines()
    return {name: digest for digest, name in map(str.split, lines)}


def _resolve(work: Path) -> list[Path]:
    import jgo

    os.environ.setdefault("M2_REPO", str(work / "repository"))
    try:
        environment = jgo.build(ENDPOINT, cache_dir=work / "jgo")
    except Exception as error:  # jgo raises whatever its transport raises
        raise StackError(
            f"Maven Central cannot be reached ({error}): connect this machine to it, or name a "
            "Kafka that runs with KAFKA_BOOTSTRAP_SERVERS=host:port"
        ) from error
    return list(environment.all_jars)


if __name__ == "__main__":
    try:
        fetch(Path(sys.argv[1]))
    except (StackError, OSError) as problem:
        sys.exit(str(problem))
