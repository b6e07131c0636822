"""The pure parts of the pages' script, tested by Node's own test runner: layout, bins, bounds, words."""

import subprocess
import sys
from pathlib import Path

BUILD = Path(__file__).parents[2] / "timeline-service/front/build.py"


def test_what_the_front_computes() -> None:
    done = subprocess.run([sys.executable, str(BUILD), "test"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
