"""A PostgreSQL that can do TLS, which the one that the stack brings cannot: fetched once, checked, for tests alone."""

import fcntl
import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from tests.support.running.session_folder import DOWNLOADS

VERSION: Final = "18.1.0"
#: The jar that holds it for each kind of machine, and its SHA-256.
_JARS: Final = {
    "x86_64": ("linux-amd64", "65d0723e0274ad3ec6230dcbdfe034af6ee096fce15a77b0f9b8be71d2702934"),
    "aarch64": ("linux-arm64v8", "ea0f16b754fc0a10d9d8993bbd426c20f8c709b318b28e49b42d9cac1c958b8f"),
}
_RESOLVE: Final = "import jgo, pathlib, sys; jgo.build(sys.argv[1], cache_dir=pathlib.Path(sys.argv[2]))"


def tls_postgres() -> Path:
    """The folder of its programs, fetched if it is not there yet."""
    folder = DOWNLOADS / f"postgres-tls-{VERSION}"
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    with (DOWNLOADS / "postgres-tls.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(prefix="fetching-postgres-", dir=DOWNLOADS) as work:
                _unpack(_fetch(Path(work)), Path(work) / "fresh")
                (Path(work) / "fresh").rename(folder)
    return folder / "bin"


def _fetch(work: Path) -> Path:
    kind, digest = _JARS[platform.machine()]
    endpoint = f"io.zonky.test.postgres:embedded-postgres-binaries-{kind}:{VERSION}"
    # A process of its own: the resolver leaves threads behind.
    subprocess.run([sys.executable, "-c", _RESOLVE, endpoint, str(work / "cache")], check=True, capture_output=True)
    (jar,) = (work / "cache").rglob(f"embedded-postgres-binaries-{kind}-{VERSION}.jar")
    found = hashlib.sha256(jar.read_bytes()).hexdigest()
    assert found == digest, f"{jar.name} is not the one that is pinned: {found}"
    return jar


def _unpack(jar: Path, folder: Path) -> None:
    with zipfile.ZipFile(jar) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".txz")]
        with archive.open(name) as packed, (jar.parent / "packed.txz").open("wb") as file:
            shutil.copyfileobj(packed, file)
    with tarfile.open(jar.parent / "packed.txz") as packed_files:
        packed_files.extractall(folder, filter="data")
