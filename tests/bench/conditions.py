"""When, on what and with how much the benchmark has measured, in a sentence."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import psutil
from tests.bench.modes import Mode


def conditions_of(mode: Mode) -> str:
    """Today, this machine and what it is busy with, and the mode."""
    day = datetime.now(UTC).date().isoformat()
    memory = psutil.virtual_memory().total / 2**30
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    machine = f"{psutil.cpu_count()} cores{_model()} with {memory:.0f} GiB for all of it"
    return (
        f"Measured on {day} with {mode.events:,} events, reads of {mode.filled:,}: medians of {mode.runs} runs, in "
        f"which ours, floors and peers take turns, on {machine}; load {load}."
    )


def _model() -> str:
    told = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", told.read_text(), re.MULTILINE) if told.exists() else None
    return f" ({found[1]})" if found else ""
