"""How often each process was started again, when last and why: written by the supervisor, read by `make status`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

#: So often in a row a process may end before it was ready; then it is given up.
TRIES: Final = 8
_GROWTH: Final = 60  # the longest pause, and how long a process must run to count as well again, in first pauses


@dataclass(slots=True)
class Restarts:
    """Of one process: `tries` are those in a row that were never ready, `pauses` those since it last ran for long."""

    count: int = 0
    tries: int = 0
    pauses: int = 0
    last: str = ""
    why: str = ""
    given_up: bool = False

    def words(self, runs: bool) -> str:
        """For a person: empty if there is nothing to say."""
        parts = [f"restarted {self.count} time{'s' * (self.count != 1)}, last at {self.last}: {self.why}"] * (
            self.count > 0
        )
        if self.given_up and not runs:
            parts.append(f"given up after {self.tries} tries: make up tries anew")
        elif self.last and not runs:
            parts.append(f"ended at {self.last}, {self.why}: the supervisor starts it again")
        return "; ".join(parts)


def pause_before(restarts: Restarts, first: float) -> float:
    """How long to wait before the next start, in seconds: twice as long each time, at most sixty times the first."""
    return first * float(min(2**restarts.pauses, _GROWTH))


def is_well_again(seconds: float, first: float) -> bool:
    """Whether a process has run for so long that its next pause is the first one again."""
    return seconds > 2 * _GROWTH * first


def restarts_file(state_dir: Path) -> Path:
    """Where they are kept, for as long as the stack is up."""
    return state_dir / "run" / "restarts.json"


def read_restarts(state_dir: Path) -> dict[str, Restarts]:
    """By the process's name; of what is unknown, nothing."""
    try:
        return {name: Restarts(**parts) for name, parts in json.loads(restarts_file(state_dir).read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_restarts(state_dir: Path, restarts: dict[str, Restarts]) -> None:
    """Replace what was kept before, at once."""
    fresh = restarts_file(state_dir).with_suffix(".fresh")
    fresh.write_text(json.dumps({name: asdict(parts) for name, parts in restarts.items()}))
    fresh.replace(restarts_file(state_dir))
