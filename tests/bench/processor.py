"""The processor's time that a process takes."""

import psutil
from tests.support.running.processes import Service


def cpu_seconds(service: Service) -> float:
    """What a running process has taken so far, itself and for the system, with those it had started that are over."""
    times = psutil.Process(service.pid).cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)
