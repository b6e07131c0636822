"""`python -m tests.fuzzing TARGET --seconds N`: fuzz one target, or `all` one after the other. It needs atheris."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzzing.corpora import corpus_of
from tests.fuzzing.targets import TARGETS


def fuzz(name: str, seconds: int) -> int:
    """Fuzz a target for so long; returns 0 where nothing was found."""
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as folder:
        for number, seed in enumerate(corpus_of(name)):
            (Path(folder) / f"{number:04}").write_bytes(seed)
        command = [sys.executable, "-m", "tests.fuzzing.guided", name, str(seconds), folder]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing")
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=int, default=120)
    given = parser.parse_args()
    names = list(TARGETS) if given.target == "all" else [given.target]
    sys.exit(max([fuzz(each, given.seconds) for each in names]))
