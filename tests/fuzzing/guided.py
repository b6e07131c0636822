"""One target under atheris, in a process of its own: it takes the signals and the exit of the process for itself."""

import importlib
import sys
from typing import Any

_PACKAGES = ["event_schemas", "service_edge", "timeline_service"]
_MAX_BYTES = 4_096
_SLOWEST_SECONDS = 5


def run(name: str, seconds: str, folder: str) -> None:
    """Fuzz until the time is over, or something is found: that is left in the present folder, as `crash-…`."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=_PACKAGES):
        targets = importlib.import_module("tests.fuzzing.targets")
    limits = [f"-max_total_time={seconds}", f"-max_len={_MAX_BYTES}", f"-timeout={_SLOWEST_SECONDS}"]
    atheris.Setup([name, *limits, "-print_final_stats=1", folder], targets.TARGETS[name].check)
    atheris.Fuzz()


if __name__ == "__main__":
    run(*sys.argv[1:])
