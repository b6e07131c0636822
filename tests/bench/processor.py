"""The processor's time that a process takes."""

import psutil
from tests.support.processes import Service


def cpu_seconds(service: Service) -> float:
    """What a running process has taken so far, itself and for the system."""
    times = psutil.Process(service.pid).cpu_times()
    return float(times.user + times.system)
