"""Kafka's jars: resolved from Maven Central once, checked against pinned checksums, kept in a folder."""

import hashlib
import os
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Final

from local_stack.errors import StackError

VERSION: Final = "4.3.1"
ENDPOINT: Final = f"org.apache.kafka:kafka_2.13:{VERSION}+org.slf4j:slf4j-simple:1.7.36"


def kafka_jars(downloads: Path) -> Path:
    """The folder that holds exactly the pinned jars, fetched if it is not there; raises StackError."""
    folder = downloads / f"kafka-{VERSION}"
    if folder.is_dir():
        return folder
    downloads.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=downloads) as work:
        fresh = Path(work) / "jars"
        fresh.mkdir()
        for jar in _resolve(Path(work)):
            shutil.copy(jar, fresh / jar.name)
        _check(fresh)
        try:
            fresh.rename(folder)
        except OSError:  # another stack was faster; what it checked is as good
            if not folder.is_dir():
                raise
    return folder


def _resolve(work: Path) -> list[Path]:
    import jgo

    os.environ.setdefault("M2_REPO", str(work / "repository"))
    try:
        environment = jgo.build(ENDPOINT, cache_dir=work / "jgo")
    except Exception as error:  # jgo raises whatever its transport raises
        raise StackError(
            f"Kafka's jars could not be fetched from Maven Central ({error}): connect this machine to it, or name a "
            "Kafka that runs with KAFKA_BOOTSTRAP_SERVERS=host:port"
        ) from error
    return list(environment.all_jars)


def _check(folder: Path) -> None:
    pinned = {}
    for line in (files("local_stack") / "kafka_jars.sha256").read_text().splitlines():
        digest, name = line.split()
        pinned[name] = digest
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.iterdir()}
    wrong = sorted(name for name in pinned.keys() | found.keys() if pinned.get(name) != found.get(name))
    if wrong:
        raise StackError(f"these jars are not those that are pinned: {', '.join(wrong)}. Nothing of them was kept")
