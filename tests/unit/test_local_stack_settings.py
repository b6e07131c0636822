import stat
from pathlib import Path

import pytest
from tests.support.running.token_files import write_tokens

from local_stack.credential import own_headers
from local_stack.errors import StackError
from local_stack.record import is_wanted, read_record, recorded_settings, write_record
from local_stack.services import SERVICES, service
from local_stack.settings import read_own_settings, read_settings
from local_stack.supervisor import supervisor
from service_edge.access.roles import Role
from service_edge.access.token_files import TokenFiles


def test_the_contracts_ports_are_the_defaults() -> None:
    settings = read_settings({})
    assert (settings.ingest_port, settings.timeline_port, settings.kafka_port) == (8001, 8002, 9092)
    assert (settings.kafka_controller_port, settings.postgres_port) == (9093, 5433)
    assert settings.state_dir == Path(".local").absolute()
    assert settings.samples


def test_the_controllers_port_follows_kafkas() -> None:
    assert read_settings({"KAFKA_PORT": "19092"}).kafka_controller_port == 19_093
    assert read_settings({"KAFKA_PORT": "19092", "KAFKA_CONTROLLER_PORT": "7"}).kafka_controller_port == 7


def test_a_variable_that_is_set_to_nothing_is_not_set() -> None:
    assert read_settings({"INGEST_PORT": "", "SAMPLES": " ", "STATE_DIR": "", "DATABASE_URL": ""}) == read_settings({})


@pytest.mark.parametrize("value", ["0", "65536", "-1", "http", "8001.0"])
def test_a_port_that_cannot_be_is_refused_by_name(value: str) -> None:
    with pytest.raises(StackError, match=f"INGEST_PORT={value} is not a port"):
        read_settings({"INGEST_PORT": value})


def test_two_variables_with_one_port_are_refused_by_name() -> None:
    with pytest.raises(StackError, match="KAFKA_PORT and KAFKA_CONTROLLER_PORT are both 9000"):
        read_settings({"KAFKA_PORT": "9000", "KAFKA_CONTROLLER_PORT": "9000"})


def test_samples_are_not_loaded_into_a_given_kafka_unless_asked_for() -> None:
    assert not read_settings({"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}).samples
    assert read_settings({"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092", "SAMPLES": "1"}).samples
    with pytest.raises(StackError, match="SAMPLES=yes"):
        read_settings({"SAMPLES": "yes"})


def test_given_servers_are_used() -> None:
    settings = read_settings({"KAFKA_BOOTSTRAP_SERVERS": "a:1,b:2", "DATABASE_URL": "postgresql://u:p@h/d"})
    assert settings.bootstrap_servers == "a:1,b:2"
    assert settings.database_url == "postgresql://u:p@h/d"


def test_what_runs_is_found_with_the_settings_that_it_was_started_with(tmp_path: Path) -> None:
    started = read_settings(
        {"STATE_DIR": str(tmp_path), "INGEST_PORT": "9001", "DATABASE_URL": "postgresql://u:secret@h/d"}
    )
    started.record.parent.mkdir()
    write_record(started, wanted=True)
    assert "secret" not in started.record.read_text()
    found = recorded_settings(read_settings({"STATE_DIR": str(tmp_path)}))
    assert found.ingest_port == 9001
    assert found.given_database
    assert is_wanted(found)


def test_the_ports_are_known_when_the_stack_is_down(tmp_path: Path) -> None:
    started = read_settings({"STATE_DIR": str(tmp_path), "INGEST_PORT": "9001"})
    started.record.parent.mkdir()
    write_record(started, wanted=False)
    assert recorded_settings(read_settings({"STATE_DIR": str(tmp_path)})) == started
    assert not is_wanted(started)


def test_services_over_https_are_found_without_the_variables_of_their_certificates(tmp_path: Path) -> None:
    tls = {"INGEST_TLS_CERTIFICATE": "/hush/c", "TIMELINE_TLS_CERTIFICATE": "/hush/c", "TIMELINE_TLS_KEY": "/hush/k"}
    started = read_settings({"STATE_DIR": str(tmp_path), **tls})
    started.record.parent.mkdir()
    write_record(started, wanted=True)
    assert "hush" not in started.record.read_text()
    found = recorded_settings(read_settings({"STATE_DIR": str(tmp_path)}))
    assert (found.ingest_url, found.timeline_url) == ("https://127.0.0.1:8001", "https://127.0.0.1:8002")


def test_settings_are_read_again_from_their_variables(tmp_path: Path) -> None:
    told = {"STATE_DIR": str(tmp_path), "TIMELINE_PORT": "9002", "DATABASE_URL": "postgresql://u:p@h/d"}
    settings = read_settings({**told, "RESTART_SECONDS": "0.05"})
    assert read_settings(settings.variables()) == settings


def test_how_given_servers_are_spoken_to_is_read_again_and_only_told_to_whom_it_concerns(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://u:hush@h/d\n")
    told = {
        "STATE_DIR": str(tmp_path),
        "KAFKA_BOOTSTRAP_SERVERS": "kafka:9093",
        "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "KAFKA_SASL_MECHANISM": "PLAIN",
        "KAFKA_USERNAME": "u",
        "KAFKA_PASSWORD": "hush",
        "DATABASE_URL_FILE": str(file),
    }
    settings = read_settings(told)
    assert read_settings(settings.variables()) == settings
    assert settings.kafka.arguments()["sasl_plain_password"] == "hush"
    assert settings.given_database == "postgresql://u:hush@h/d"
    assert "hush" not in repr(settings)
    assert service(settings, "projector").environment["DATABASE_URL_FILE"] == str(file)
    assert "DATABASE_URL" not in service(settings, "projector").environment
    assert all(service(settings, name).environment["KAFKA_PASSWORD"] == "hush" for name in SERVICES)
    settings.record.parent.mkdir()
    write_record(settings, wanted=True)
    assert "hush" not in settings.record.read_text()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "SSL"}, "KAFKA_SECURITY_PROTOCOL is set, and Kafka is our own"),
        (
            {"KAFKA_BOOTSTRAP_SERVERS": "k:1", "KAFKA_SECURITY_PROTOCOL": "TLS"},
            "KAFKA_SECURITY_PROTOCOL=TLS: write one of",
        ),
        ({"DATABASE_URL_FILE": "/no/such"}, "DATABASE_URL_FILE=/no/such cannot be read"),
        ({"DATABASE_URL": "mysql://u:hush@h/d"}, "DATABASE_URL names no PostgreSQL"),
    ],
)
def test_given_servers_that_cannot_be_are_refused_by_name(told: dict[str, str], words: str) -> None:
    with pytest.raises(StackError) as refused:
        read_settings(told)
    assert words in str(refused.value)
    assert "hush" not in str(refused.value)


def test_who_only_stops_or_looks_needs_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"STATE_DIR": str(tmp_path), "KAFKA_BOOTSTRAP_SERVERS": "k:1", "KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}
    for name, text in {**told, "DATABASE_URL_FILE": str(tmp_path / "gone")}.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(StackError):
        read_settings()
    assert read_own_settings().bootstrap_servers == "k:1"


def test_the_services_are_found_over_https_where_they_have_certificates() -> None:
    settings = read_settings({"INGEST_TLS_CERTIFICATE": "/c"})
    assert (settings.ingest_url, settings.timeline_url) == ("https://127.0.0.1:8001", "http://127.0.0.1:8002")
    assert settings.probes_url("ingest").startswith("https:")
    assert settings.probes_url("projector").startswith("http:")


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan"])
def test_a_pause_that_cannot_be_is_refused_by_name(value: str) -> None:
    with pytest.raises(StackError, match=f"RESTART_SECONDS={value} is no time to wait"):
        read_settings({"RESTART_SECONDS": value})


@pytest.mark.parametrize(
    ("variable", "concerned"),
    [
        ("INGEST_PORT", {"ingest", "timeline"}),
        ("TIMELINE_PORT", {"timeline", "ingest"}),
        ("KAFKA_PORT", {"ingest", "projector", "timeline", "replayer"}),
        ("POSTGRES_PORT", {"projector", "timeline", "replayer"}),
    ],
)
def test_a_setting_concerns_those_that_are_told_it(variable: str, concerned: set[str]) -> None:
    before, after = read_settings({}), read_settings({variable: "9999"})
    differing = {name for name in SERVICES if service(before, name).environment != service(after, name).environment}
    assert differing == concerned
    assert supervisor(before).environment != supervisor(after).environment


@pytest.mark.parametrize(
    ("variable", "text", "concerned"),
    [
        ("TIMELINE_REQUESTS_PER_MINUTE", "600", {"timeline"}),
        ("TIMELINE_PUBLIC_READING", "1", {"timeline"}),
        ("TIMELINE_READING_ORIGINS", "*", {"timeline"}),
        ("TIMELINE_ALLOWED_HOSTS", "a.example", {"timeline"}),
        ("TIMELINE_ALLOWED_ORIGINS", "https://a.example", {"timeline"}),
        ("TIMELINE_TOKENS_FILE", "tokens.jsonl", {"timeline"}),
        ("TIMELINE_OIDC_ISSUER", "https://a.example", {"timeline"}),
        ("TIMELINE_OIDC_AUDIENCE", "dyadline", {"timeline"}),
        ("TIMELINE_TRUSTED_KEYS_FILE", "keys.json", {"projector", "timeline", "replayer"}),
        ("TIMELINE_BATCH_RECORDS", "100", {"projector", "timeline", "replayer"}),
        ("INGEST_REQUESTS_PER_MINUTE", "600", {"ingest"}),
    ],
)
def test_a_setting_of_the_api_concerns_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, text: str, concerned: set[str]
) -> None:
    settings = read_settings({"STATE_DIR": str(tmp_path)})
    before = {name: service(settings, name).environment for name in SERVICES}
    monkeypatch.setenv(variable, text)
    assert {name for name in SERVICES if service(settings, name).environment != before[name]} == concerned


def test_who_listens_beyond_this_machine_is_told_who_may_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings({"STATE_DIR": str(tmp_path)})
    monkeypatch.setenv("TIMELINE_TOKENS_FILE", "tokens.jsonl")
    monkeypatch.setenv("PROJECTOR_HOST", "0.0.0.0")
    told = {name for name in SERVICES if "TIMELINE_TOKENS_FILE" in service(settings, name).environment}
    assert told == {"projector", "timeline"}


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_half_a_record_is_no_record(tmp_path: Path, text: str) -> None:
    settings = read_settings({"STATE_DIR": str(tmp_path)})
    settings.record.parent.mkdir()
    settings.record.write_text(text)
    assert read_record(settings) == {}
    assert recorded_settings(settings) == settings


@pytest.mark.parametrize(
    ("given", "reached"),
    [
        ("", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "127.0.0.1"),
        ("10.1.2.3", "10.1.2.3"),
        ("fd00::7", "[fd00::7]"),
    ],
)
def test_a_service_is_asked_where_it_listens(tmp_path: Path, given: str, reached: str) -> None:
    settings = read_settings({"INGEST_HOST": given, "PROJECTOR_HOST": given, "STATE_DIR": str(tmp_path)})
    assert settings.ingest_url == f"http://{reached}:8001"
    assert settings.probes_url("projector") == f"http://{reached}:8003"
    assert settings.timeline_url == "http://127.0.0.1:8002"
    settings.record.parent.mkdir()
    write_record(settings, wanted=True)
    assert recorded_settings(read_settings({"STATE_DIR": str(tmp_path)})) == settings


def test_where_credentials_are_asked_for_the_stack_has_one_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read_settings({"STATE_DIR": str(tmp_path)})
    assert "INGEST_TOKENS_FILE" not in service(settings, "ingest").environment
    assert own_headers(settings) == {}
    theirs = tmp_path / "theirs.jsonl"
    token = write_tokens(theirs, {"ada": [Role.WRITE]})["ada"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INGEST_TOKENS_FILE", "theirs.jsonl")
    monkeypatch.setenv("INGEST_TOKEN", "dyl_of_commands")
    monkeypatch.setenv("TIMELINE_OIDC_ISSUER", "https://issuer.example")
    told = service(settings, "ingest").environment
    assert "INGEST_TOKEN" not in told
    files = TokenFiles(map(Path, told["INGEST_TOKENS_FILE"].split(",")))
    own = own_headers(settings)["authorization"].removeprefix("Bearer ")
    found = [files.find(each) for each in (token, own)]
    assert [(each.name, {*each.roles}) for each in found if each is not None] == [
        ("ada", {Role.WRITE}),
        ("local-stack", {Role.READ, Role.WRITE, Role.AUDIT}),
    ]
    assert TokenFiles([Path(service(settings, "timeline").environment["TIMELINE_TOKENS_FILE"])]).find(own) is not None
    assert own not in str(told)
    kept = [path for path in (tmp_path / "run").iterdir() if path.name.startswith("stack.")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600, 0o600]
    assert own_headers(settings)["authorization"] == f"Bearer {own}"  # the same next time
