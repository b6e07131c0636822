"""Kafka Connect's jars and those of Debezium's JDBC sink: from Maven Central, once, against pinned sums."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest.mock import patch

from tests.support.running.session_folder import DOWNLOADS

_CONNECT: Final = "4.3.1"
_DEBEZIUM: Final = "3.2.0.Final"
SINK: Final = f"Debezium JDBC sink {_DEBEZIUM.removesuffix('.Final')}"
#: Drivers of other databases, and what would stand in the way of Connect's own.
_LEFT_OUT: Final = ("jackson-", "slf4j-", "mariadb-", "mssql-", "mysql-", "ojdbc")


class PeerMissingError(Exception):
    """A peer that cannot be had here and now, and why."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Some jars in a folder of their own: what resolves to them, and the file of their sums."""

    endpoint: str
    folder: Path
    sums: Path
    left_out: tuple[str, ...] = ()

    def wrong(self, folder: Path) -> list[str]:
        """The jars of a folder that are missing, that do not belong there, or that are others than the pinned ones."""
        lines = self.sums.read_text().splitlines()
        pinned = {name: digest for digest, name in map(str.split, lines)}
        found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
        return sorted(name for name in pinned.keys() | found.keys() if pinned.get(name) != found.get(name))


_ROOT: Final = DOWNLOADS / f"connect-{_CONNECT}"
_PINS: Final = Path(__file__).parent / "connect"
CONNECT: Final = _Part(
    f"org.apache.kafka:connect-runtime:{_CONNECT}+org.slf4j:slf4j-simple:1.7.36",
    _ROOT / "runtime",
    _PINS / "runtime.sha256",
)
PLUGIN: Final = _Part(
    f"io.debezium:debezium-connector-jdbc:{_DEBEZIUM}",
    _ROOT / "plugins" / "debezium-jdbc",
    _PINS / "debezium-jdbc.sha256",
    _LEFT_OUT,
)


def fetch_connect() -> tuple[Path, Path]:
    """The folder of Connect's jars and that of its plugins, fetched if need be. Raises PeerMissingError."""
    for part in (CONNECT, PLUGIN):
        if part.wrong(part.folder):
            _fetch(part)
    return CONNECT.folder, PLUGIN.folder.parent


def _fetch(part: _Part) -> None:
    import jgo

    part.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=DOWNLOADS) as work:
        repository = os.environ.get("M2_REPO") or str(Path(work) / "repository")
        try:
            with patch.dict(os.environ, {"M2_REPO": repository}):
                jars = jgo.build(part.endpoint, cache_dir=Path(work) / "jgo").all_jars
        except Exception as error:  # jgo raises whatever its transport raises
            raise PeerMissingError(f"{SINK} cannot be fetched: {error}") from error
        fresh = Path(work) / "jars"
        fresh.mkdir()
        for jar in jars:
            if not jar.name.startswith(part.left_out):
                shutil.copy(jar, fresh)
        if wrong := part.wrong(fresh):
            raise PeerMissingError(f"{SINK}: these jars are not those that are pinned: {', '.join(wrong)}")
        shutil.rmtree(part.folder, ignore_errors=True)
        fresh.rename(part.folder)
