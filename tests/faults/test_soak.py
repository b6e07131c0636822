"""A short soak, in which the load, the nemesis and the checker work together as they do in long ones."""

from pathlib import Path

import pytest
from tests.faults.soak.trial import Plan, carry_out

_FAULTS = ("kill projector-1", "cut postgres", "kill ingest", "freeze timeline-1")


@pytest.mark.timeout(400)
async def test_a_few_seconds_of_trouble_lose_nothing(tmp_path: Path) -> None:
    plan = Plan(seed=7, seconds=12, names=_FAULTS, durations=(1.0,), pace=0.3)
    told: list[str] = []
    outcome = await carry_out(plan, tmp_path / "arena", told.append)
    assert outcome.findings.ok, f"{told}\n{outcome.findings}"
    assert outcome.findings.acknowledged > 100
    assert outcome.recoveries
