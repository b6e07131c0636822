"""The services' settings, as the environment gives them."""

import os
import subprocess
import sys

import pytest

from ingest_service.settings import Settings as IngestSettings
from timeline_service.settings import Settings as TimelineSettings


def test_names_stand_in_one_variable_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    for prefix in ("INGEST", "TIMELINE"):
        monkeypatch.setenv(f"{prefix}_ALLOWED_HOSTS", "dyadline.example, other.example:8443 ,")
        monkeypatch.setenv(f"{prefix}_ALLOWED_ORIGINS", "")
    for settings in (IngestSettings(), TimelineSettings()):
        assert settings.allowed_hosts == ("dyadline.example", "other.example:8443")
        assert settings.allowed_origins == ()


@pytest.mark.parametrize(
    ("module", "variable"), [("ingest_service.cli", "INGEST_PORT"), ("timeline_service.cli", "TIMELINE_PORT")]
)
@pytest.mark.parametrize("value", ["http", "65536"])
def test_a_port_that_cannot_be_is_wrong_usage_and_named(module: str, variable: str, value: str) -> None:
    command = [sys.executable, "-m", module, "serve"]
    environment = {**os.environ, variable: value}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert f"{variable}={value}: " in done.stderr
    assert "Traceback" not in done.stderr
