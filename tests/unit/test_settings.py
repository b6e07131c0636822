"""The services' settings, as the environment gives them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ingest_service.settings import Settings as IngestSettings
from service_edge.database_access import read_replica_urls
from service_edge.secret_files import SettingError
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


COMMANDS = [
    ("ingest_service.cli", "serve"),
    *(("timeline_service.cli", name) for name in ("serve", "project", "replayer", "migrate")),
]


@pytest.mark.parametrize(("module", "command"), COMMANDS)
def test_a_file_of_a_secret_that_is_empty_ends_every_process_with_what_to_do(
    module: str, command: str, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("\n")
    told = {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_USERNAME": "u"}
    environment = {**os.environ, **told, "KAFKA_PASSWORD_FILE": str(file)}
    words = [sys.executable, "-m", module, command]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"KAFKA_PASSWORD_FILE={file} is empty: write into it" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["serve", "project", "replayer", "migrate"])
def test_a_database_url_that_cannot_be_ends_every_process_and_is_not_told(command: str) -> None:
    environment = {**os.environ, "DATABASE_URL": "postgresql://u:hush@h:port/d"}
    words = [sys.executable, "-m", "timeline_service.cli", command]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "DATABASE_URL cannot be read: expected postgresql://" in done.stderr
    assert "hush" not in done.stdout + done.stderr


def test_an_origin_is_read_as_browsers_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given = "https://Page.example:443, http://localhost:3000,http://[::1]:80, moz-extension://abc"
    expected = ("https://page.example", "http://localhost:3000", "http://[::1]", "moz-extension://abc")
    for name in ("INGEST_ALLOWED_ORIGINS", "TIMELINE_ALLOWED_ORIGINS", "TIMELINE_READING_ORIGINS"):
        monkeypatch.setenv(name, given)
    assert IngestSettings().allowed_origins == TimelineSettings().allowed_origins == expected
    assert TimelineSettings().reading_origins == expected
    monkeypatch.setenv("TIMELINE_READING_ORIGINS", "*")
    assert TimelineSettings().reading_origins == ("*",)


@pytest.mark.parametrize("origin", ["*", "null", "page.example", "https://page.example/", "https://a b", "https://u@h"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="is not the origin of a web page: write scheme://host"):
        IngestSettings(allowed_origins=(origin,))
    with pytest.raises(ValueError, match="is not the origin of a web page"):
        TimelineSettings(reading_origins=(origin, "https://page.example"))


PRIMARY = "postgresql://u:hush@primary/dyadline"


@pytest.mark.parametrize(
    ("written", "urls"),
    [
        ("", ()),
        ("postgresql://a/d", ("postgresql://a/d",)),
        (" postgresql://a/d, postgres://b:5433/d ,", ("postgresql://a/d", "postgres://b:5433/d")),
        (
            "postgresql://primary:5433/dyadline\npostgresql://a/d",
            ("postgresql://primary:5433/dyadline", "postgresql://a/d"),
        ),
    ],
)
def test_replicas_stand_in_one_variable_or_file(written: str, urls: tuple[str, ...], tmp_path: Path) -> None:
    assert read_replica_urls({"TIMELINE_READ_DATABASE_URL": written}, "TIMELINE_READ_DATABASE_URL", PRIMARY) == urls
    if urls:
        file = tmp_path / "urls"
        file.write_text(written)
        environment = {"TIMELINE_READ_DATABASE_URL_FILE": str(file)}
        assert read_replica_urls(environment, "TIMELINE_READ_DATABASE_URL", PRIMARY) == urls


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("replica.example", "R names no PostgreSQL: expected postgresql://"),
        ("postgresql://u:hush@a,b/d", "R names no PostgreSQL: expected postgresql://"),
        ("postgresql://u:hush@a:port/d", "R cannot be read: expected postgresql://"),
        ("postgresql://u:hush@a/d?sslmode=always", "sslmode=always of R: write one of"),
        ("postgresql://u:hush@a/d,http://b/d", "R names no PostgreSQL: expected postgresql://"),
        ("postgresql://other:hush@primary:5432/dyadline", "R names the server and the database of DATABASE_URL"),
        ("postgresql://a/d,postgresql://u@a:5432/d", "R names one server twice"),
    ],
)
def test_replicas_that_cannot_be_are_refused_and_not_told(written: str, words: str) -> None:
    with pytest.raises(SettingError, match=re.escape(words)) as refusal:
        read_replica_urls({"R": written}, "R", PRIMARY)
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize(
    ("module", "variable"), [("ingest_service.cli", "INGEST_WORKERS"), ("timeline_service.cli", "TIMELINE_API_WORKERS")]
)
@pytest.mark.parametrize("value", ["0", "two", "65"])
def test_a_number_of_workers_that_cannot_be_is_wrong_usage_and_named(module: str, variable: str, value: str) -> None:
    environment = {**os.environ, variable: value}
    words = [sys.executable, "-m", module, "serve"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"{variable}={value}: " in done.stderr
