"""deploy/README.md's blocks of commands, and a shell that runs them as they stand there."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.running.session_folder import ROOT

PAGE: Final = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
OPERATING, _, DEVELOPING = PAGE.partition("## On a developer's machine")
_MARK: Final = re.compile(r"<!-- (?:run: (?P<test>tests/[\w/]+\.py::\w+)|not run: (?P<lack>.+)) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """Commands, and the test that runs them, or what is not at hand for it."""

    commands: str
    test: str
    lack: str


def blocks() -> list[Block]:
    """All of the page, in its order; raises ValueError for one whose comment says neither."""
    found = []
    for part in OPERATING.split("```sh\n")[1:]:
        commands, _, behind = part.partition("```\n")
        mark = _MARK.fullmatch(behind.splitlines()[0])
        if mark is None:
            raise ValueError(f"no comment says what runs this:\n{commands}")
        found.append(Block(commands, mark["test"] or "", mark["lack"] or ""))
    return found


def run_block(begins: str, folder: Path, environment: Mapping[str, str], put: Mapping[str, str] | None = None) -> str:
    """What the one block that begins so says in a folder; `put` stands for what is another on each machine.

    Raises AssertionError where a command of it fails.
    """
    (block,) = (each for each in blocks() if each.commands.startswith(begins))
    commands = block.commands
    for printed, actual in (put or {}).items():
        assert printed in commands
        commands = commands.replace(printed, actual)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder, env=dict(environment), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
    return done.stdout
