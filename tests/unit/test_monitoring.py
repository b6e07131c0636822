"""The rules and the dashboard: each alert has a test that it passes, each query can be read, each panel has a place."""

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml
from tests.support.running.session_folder import ROOT

MONITORING = ROOT / "deploy/monitoring"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is missing: on Debian, apt-get install prometheus"
)


def promtool(*words: str) -> str:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *words], cwd=MONITORING, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((MONITORING / "rules.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@needs_promtool
def test_alerts_fire_when_they_have_to_and_not_before() -> None:
    promtool("test", "rules", "rules_test.yaml")


@needs_promtool
def test_the_configuration_and_the_rules_are_valid() -> None:
    assert "15 rules found" in promtool("check", "config", "prometheus.yaml") + promtool("check", "rules", "rules.yaml")


def test_every_alert_is_tested_and_the_operator_is_told_what_to_do() -> None:
    tested = (MONITORING / "rules_test.yaml").read_text()
    page = (ROOT / "deploy/README.md").read_text()
    for rule in rules():
        assert re.search(rf"alertname: {rule['alert']}\n", tested), rule["alert"]
        assert f"`{rule['alert']}`" in page
        assert rule["labels"]["severity"] in {"critical", "warning"}


def test_panels_stand_beside_one_another() -> None:
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not taken & cells, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
