"""Commands find the stack that runs in their checkout."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_stack.record import write_record
from local_stack.settings import read_settings
from service_edge.running_stack import find_running_stack

PORTS = {
    "INGEST_PORT": "7001", "TIMELINE_PORT": "7002", "PROJECTOR_PORT": "7003", "REPLAYER_PORT": "7004",
    "KAFKA_PORT": "7005", "POSTGRES_PORT": "7007",
}  # fmt: skip
OURS = {
    "INGEST_URL": "http://127.0.0.1:7001",
    "TIMELINE_URL": "http://127.0.0.1:7002",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:7005",
    "DATABASE_URL": "postgresql://dyadline@127.0.0.1:7007/dyadline",
}


def stack(state: Path, *, wanted: bool = True, **more: str) -> None:
    """A state folder as `make up` leaves it."""
    (state / "run").mkdir(parents=True)
    write_record(read_settings({"STATE_DIR": str(state), **PORTS, **more}), wanted)


def found(folder: Path, **environment: str) -> dict[str, str]:
    find_running_stack(environment, folder)
    return environment


def test_the_stack_of_a_checkout_is_found_from_anywhere_in_it(tmp_path: Path) -> None:
    stack(tmp_path / ".local")
    inside = tmp_path / "some" / "folder"
    inside.mkdir(parents=True)
    assert found(tmp_path) == OURS
    assert found(inside) == OURS
    assert found(tmp_path.parent) == {}


def test_a_state_folder_that_is_named_is_looked_into_alone(tmp_path: Path) -> None:
    stack(tmp_path / "there")
    assert found(tmp_path, STATE_DIR=str(tmp_path / "there")) == {"STATE_DIR": str(tmp_path / "there"), **OURS}
    assert found(tmp_path, STATE_DIR="there") == {"STATE_DIR": "there", **OURS}
    stack(tmp_path / ".local")
    assert found(tmp_path, STATE_DIR="nowhere") == {"STATE_DIR": "nowhere"}


def test_what_the_environment_says_comes_first(tmp_path: Path) -> None:
    stack(tmp_path / ".local")
    assert found(tmp_path, TIMELINE_URL="http://elsewhere", INGEST_URL=" ") == {
        **OURS,
        "TIMELINE_URL": "http://elsewhere",
    }
    assert "DATABASE_URL" not in found(tmp_path, DATABASE_URL_FILE="/run/secrets/database_url")


def test_given_engines_are_used_and_a_given_database_is_not_guessed(tmp_path: Path) -> None:
    stack(tmp_path / ".local", KAFKA_BOOTSTRAP_SERVERS="kafka:9092", DATABASE_URL="postgresql://u:p@db/x")
    wanted = {**OURS, "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}
    del wanted["DATABASE_URL"]
    assert found(tmp_path) == wanted


def test_services_are_asked_where_they_listen_and_as_they_are_spoken_to(tmp_path: Path) -> None:
    state = tmp_path / ".local"
    stack(state, TIMELINE_HOST="0.0.0.0", INGEST_HOST="192.0.2.1", TIMELINE_TLS_CERTIFICATE="there.pem")
    assert found(tmp_path) == {
        **OURS,
        "INGEST_URL": "http://192.0.2.1:7001",
        "TIMELINE_URL": "https://127.0.0.1:7002",
    }


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"wanted": true}', '{"wanted": true, "INGEST_PORT": "x"}'])
def test_what_is_no_record_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / ".local" / "run").mkdir(parents=True)
    (tmp_path / ".local" / "run" / "stack.json").write_text(content)
    assert found(tmp_path) == {}


@pytest.mark.parametrize(("module", "words", "url"), [
    ("timeline_service.cli", ["status"], "http://127.0.0.1:7002"),
    ("ingest_service.cli", ["post", "-"], "http://127.0.0.1:7001/v1/events"),
])  # fmt: skip
def test_the_commands_ask_there(tmp_path: Path, module: str, words: list[str], url: str) -> None:
    stack(tmp_path / ".local")
    command = [sys.executable, "-m", module, *words]
    environment = {name: text for name, text in os.environ.items() if name not in {*OURS, "STATE_DIR"}}
    line = b'{"title":"a","when":"2020","countries":["IND","CHN"],"type":"ban"}\n'
    done = subprocess.run(command, cwd=tmp_path, env=environment, input=line, capture_output=True, check=False)
    assert done.returncode == 3, done
    assert f"{url} is out of reach" in done.stderr.decode()


def test_a_stack_that_was_brought_down_is_none(tmp_path: Path) -> None:
    stack(tmp_path / ".local", wanted=False)
    assert found(tmp_path) == {}
