"""What is deployed: it is valid, it says of the topic what the code says, and the check finds what is not so."""

import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from tests.support.running.session_folder import ROOT

from event_schemas.log_topic import PARTITIONS, TOPIC_SETTINGS, topic_problems
from event_schemas.records import TOPIC
from ingest_service.settings import Settings as IngestSettings
from service_edge.kafka_access import VARIABLES
from timeline_service.settings import Settings as TimelineSettings

DEPLOY = ROOT / "deploy"


@pytest.fixture
def validate(tmp_path: Path) -> ModuleType:
    """The check, of a copy of what is deployed that a test may change."""
    copy = tmp_path / "deploy"
    for source in sorted(each for each in DEPLOY.rglob("*") if each.is_file() and "local" not in each.parts):
        target = copy / source.relative_to(DEPLOY)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    spec = spec_from_file_location("validate", copy / "validate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("file", "right", "wrong", "words"),
    [
        ("compose.yaml", "restart: unless-stopped", "restarts: unless-stopped", "restarts"),
        ("compose.yaml", "secrets: [postgres_password]", "secrets: [another]", "wants the secrets another"),
        ("compose.cluster.yaml", "volumes: [kafka-2:", "volumes: [kafka-9:", "wants the volume kafka-9"),
        ("kubernetes/base/ingest.yaml", "readOnlyRootFilesystem", "readOnlyRootFileSystem", "readOnlyRootFileSystem"),
        ("kubernetes/base/ingest.yaml", "maxUnavailable: 1", "maxUnavailable: [1]", "PodDisruptionBudget ingest"),
        ("kubernetes/base/kustomization.yaml", "  - replayer.yaml\n", "", "and there are"),
        ("Dockerfile", "python:3.11", "registry.example.io/library/python:3.11", "names registry.example.io"),
    ],
)
def test_the_check_finds_what_is_wrong(validate: ModuleType, file: str, right: str, wrong: str, words: str) -> None:
    path = validate.HERE / file
    path.write_text(path.read_text().replace(right, wrong))
    found = "\n".join(validate.problems())
    assert words in found
    assert bool(found) == bool(words)


def settings_of(command: list[str]) -> dict[str, str]:
    words = [word.removeprefix("--config=") for word in command if word.startswith("--config=")]
    return dict(word.split("=", 1) for word in words)


def compose(*names: str) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for name in names:
        for service, described in yaml.safe_load((DEPLOY / name).read_text())["services"].items():
            whole[service] = {**whole.get(service, {}), **described}
    return whole


@pytest.mark.parametrize(("names", "replicas"), [(("compose.yaml",), 1), (("compose.yaml", "compose.cluster.yaml"), 3)])
def test_the_topic_of_compose_can_be_trusted_with_the_log(names: tuple[str, ...], replicas: int) -> None:
    command = compose(*names)["topic"]["command"]
    assert f"--topic={TOPIC}" in command
    assert f"--partitions={PARTITIONS}" in command
    assert f"--replication-factor={replicas}" in command
    assert topic_problems(settings_of(command), replicas) == []


def test_the_topic_of_kubernetes_can_be_trusted_with_the_log() -> None:
    documents = list(yaml.safe_load_all((DEPLOY / "kubernetes/engines/kafka.yaml").read_text()))
    (topic,) = (document for document in documents if document["kind"] == "KafkaTopic")
    assert topic["metadata"]["name"] == TOPIC
    assert topic["spec"]["partitions"] == PARTITIONS
    settings = {name: str(value) for name, value in topic["spec"]["config"].items()}
    assert topic_problems(settings, topic["spec"]["replicas"]) == []
    assert settings.keys() >= TOPIC_SETTINGS.keys()


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    """What each process is told, by compose and by Kubernetes."""
    for name in ("ingest", "projector", "timeline", "replayer", "prepared"):
        yield f"compose: {name}", compose("compose.yaml")[name]["environment"]
    base = DEPLOY / "kubernetes/base"
    common = yaml.safe_load((base / "kustomization.yaml").read_text())["configMapGenerator"][0]["literals"]
    for path in sorted(base.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] in {"Deployment", "Job"}:
                (container,) = document["spec"]["template"]["spec"]["containers"]
                told = {each["name"]: each.get("value", "secret") for each in container["env"]}
                yield f"kubernetes: {path.stem}", dict(line.split("=", 1) for line in common) | told


ENVIRONMENTS = list(environments())


@pytest.mark.parametrize("told", [told for _, told in ENVIRONMENTS], ids=[name for name, _ in ENVIRONMENTS])
def test_what_processes_are_told_are_settings_and_enough_of_them(told: dict[str, str]) -> None:
    known = {"KAFKA_BOOTSTRAP_SERVERS", *VARIABLES, "DATABASE_URL", "DATABASE_URL_FILE", "LOG_FORMAT", "HEALTH_PORT"}
    known |= {"INGEST_URL", "TIMELINE_URL", "PROJECTOR_HOST", "REPLAYER_HOST"}
    known |= {f"INGEST_{name.upper()}" for name in IngestSettings.model_fields}
    known |= {f"TIMELINE_{name.upper()}" for name in TimelineSettings.model_fields}
    assert told.keys() <= known
    sasl = told.get("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT").startswith("SASL")
    assert {"KAFKA_SASL_MECHANISM", "KAFKA_USERNAME", "KAFKA_PASSWORD"} <= told.keys() or not sasl
    for host in {name for name in told if name.endswith("_HOST")}:  # nobody is served beyond loopback without
        assert f"{'INGEST' if host == 'INGEST_HOST' else 'TIMELINE'}_TOKENS_FILE" in told


@pytest.mark.parametrize("kind", ["compose", "kubernetes"])
def test_the_pages_ask_ingest_by_a_name_that_it_answers_to(kind: str) -> None:
    told = dict(ENVIRONMENTS)
    asked = urlsplit(told[f"{kind}: timeline"]["INGEST_URL"]).hostname
    assert asked in told[f"{kind}: ingest"]["INGEST_ALLOWED_HOSTS"].split(",")


def test_nothing_writes_into_its_image_or_runs_as_root() -> None:
    for path in sorted((DEPLOY / "kubernetes/base").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] not in {"Deployment", "Job"}:
                continue
            pod = document["spec"]["template"]["spec"]
            assert pod["securityContext"]["runAsNonRoot"], path
            for container in pod["containers"]:
                assert container["securityContext"]["readOnlyRootFilesystem"], path
                assert container["resources"]["limits"]["memory"], path
    for name in ("ingest", "projector", "timeline", "replayer", "prepared"):
        service = compose("compose.yaml")[name]
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
    image = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", image, re.MULTILINE)
