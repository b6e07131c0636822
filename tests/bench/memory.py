"""The most memory that a process has held."""

import re
from pathlib import Path
from typing import Final

import psutil
from tests.bench.figures import Figure
from tests.support.processes import Service

LIMIT_MB: Final = 200


def memory_figure(service: Service) -> Figure:
    """A running process's peak of resident memory beside what it may take."""
    name = f"{service.process.name}, peak resident memory"
    return Figure(name, _peak_bytes(service) / 1e6, LIMIT_MB, "the most that it may take", "MB")


def _peak_bytes(service: Service) -> int:
    if service.pid is None:
        raise RuntimeError(f"{service.process.name} has ended:\n{service.process.log_end(40)}")
    status = Path(f"/proc/{service.pid}/status")
    if status.exists() and (found := re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(), re.MULTILINE)):
        return int(found[1]) * 1024
    return int(psutil.Process(service.pid).memory_info().rss)  # other systems keep no peak
