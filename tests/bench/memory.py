"""The most memory that a process has held."""

import re
from pathlib import Path
from typing import Final

import psutil
from tests.bench.figures import Figure
from tests.support.running.processes import Service

LIMIT_MB: Final = 200


def memory_figure(service: Service) -> Figure:
    """A running process's peak of resident memory beside what it may take."""
    if service.pid is None:
        raise RuntimeError(f"{service.process.name} has ended:\n{service.process.log_end(40)}")
    return memory_of(service.process.name, peak_bytes(service.pid), LIMIT_MB)


def memory_of(name: str, peak: int, limit_mb: float) -> Figure:
    """So many bytes beside what may be taken."""
    return Figure(f"{name}, peak resident memory", peak / 1e6, limit_mb, "the most that it may take", "MB")


def peak_bytes(pid: int) -> int:
    """The most that a process has held since it began; raises psutil.NoSuchProcess if it is gone."""
    try:
        if peak := peak_in(Path(f"/proc/{pid}/status").read_text()):
            return peak
    except (FileNotFoundError, ProcessLookupError):
        pass  # gone, or another system, which keeps no peak
    return int(psutil.Process(pid).memory_info().rss)


def peak_in(status: str) -> int:
    """The bytes of the peak in a process's status, as Linux tells it; 0 where that is not told."""
    found = re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
