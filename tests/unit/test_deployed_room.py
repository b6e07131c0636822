"""What processes ask for and may take where they are deployed: what deploy/README.md says was measured, by its rule."""

import math
import re
from typing import Any, NamedTuple

import pytest
import yaml
from tests.support.inputs.operators_page import OPERATING
from tests.support.running.session_folder import ROOT

#: MiB that tests let a process hold under the worst inputs (test_ingest_overload.py, test_large_events.py).
LEAST = {"ingest": 250, "timeline": 204}
EVENTS, ANSWERS = 2_500, 20  # a second
WORKERS, MEASURED_WORKERS = 12, 2
SPILLED = 2_048  # MiB of files in memory, which only compose's replayer has
_ROW = re.compile(
    r"^\| `(?P<name>\w+)` \|[^|]+\| (?P<median>\d+) MiB \| (?P<peak>\d+) MiB \| *(?:(?P<worker>\d+) MiB)? *\| "
    r"(?P<taken>\d+) µs an (?P<unit>event|answer) \| (?P<cpu>\w+), (?P<memory>\w+) \| (?P<most>\w+) \|$",
    re.MULTILINE,
)


class Room(NamedTuple):
    """Thousandths of a core and MiB that are asked for, and MiB that may be taken."""

    cpu: int
    memory: int
    most: int


def up(amount: float, step: int) -> int:
    return math.ceil(amount / step) * step


def by_the_rule(row: re.Match[str]) -> Room:
    """What follows from a row's figures."""
    peak = int(row["peak"]) + (WORKERS - MEASURED_WORKERS) * int(row["worker"] or 0)
    a_second = EVENTS if row["unit"] == "event" else ANSWERS
    most = up(max(1.5 * peak, LEAST.get(row["name"], 0)), 64)
    return Room(up(int(row["taken"]) * a_second / 1_000, 50), up(int(row["median"]), 32), most)


ROWS = list(_ROW.finditer(OPERATING))


def test_every_process_was_measured() -> None:
    assert [row["name"] for row in ROWS] == ["ingest", "projector", "timeline", "replayer"]


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_what_a_process_asks_for_and_may_take_is_what_was_measured(row: re.Match[str]) -> None:
    room, name = by_the_rule(row), row["name"]
    assert (row["cpu"], row["memory"], row["most"]) == (f"{room.cpu}m", f"{room.memory}Mi", f"{room.most}Mi")
    assert deployed(name) == {
        "requests": {"cpu": f"{room.cpu}m", "memory": f"{room.memory}Mi"},
        "limits": {"memory": f"{room.most}Mi"},
    }
    service = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())["services"][name]
    assert service["mem_limit"] == f"{room.most + (SPILLED if name == 'replayer' else 0)}m"
    unit = (ROOT / f"deploy/systemd/dyadline-{name}.service").read_text()
    assert f"\nMemoryMax={room.most}M\n" in unit


def deployed(name: str) -> Any:
    """The resources of a process in Kubernetes."""
    documents = yaml.safe_load_all((ROOT / f"deploy/kubernetes/base/{name}.yaml").read_text())
    (deployment,) = (document for document in documents if document["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return container["resources"]


def test_the_files_of_composes_replayer_are_as_large_as_is_said() -> None:
    service = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())["services"]["replayer"]
    assert service["tmpfs"] == [f"/tmp:size={SPILLED // 1_024}g"]
