"""Holds what is deployed against the published schemas of its kinds, which packages carry: compose files, manifests.

python deploy/validate.py

What nobody publishes a schema for is held against what it names: a kustomization its files, a unit its directives
(by systemd-analyze, where that is installed), an image what it copies.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jsonschema
import kubernetes_validate
import yaml

HERE: Final = Path(__file__).parent
#: Kinds of the operators that run the engines, and of Prometheus': their schemas come with them, and with no package.
_OPERATORS: Final = {"kafka.strimzi.io/v1", "postgresql.cnpg.io/v1", "monitoring.coreos.com/v1"}
_KUBERNETES: Final = "1.37"
#: Hosts that serve images or packages: which one is asked is each installation's to say.
_REGISTRY: Final = re.compile(r"\b[\w-]+(\.[\w-]+)*\.(io|com|org|dev|net)/[\w./-]+:[\w.-]+")


def compose_problems() -> Iterator[str]:
    """What is wrong with the compose files, each by itself and laid over the other."""
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(vendored.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    documents = {name: yaml.safe_load((HERE / name).read_text()) for name in ("compose.yaml", "compose.cluster.yaml")}
    whole: Any = {}
    for name, document in documents.items():
        for error in validator.iter_errors(document):
            yield f"{name}: {'/'.join(map(str, error.path))}: {error.message[:300]}"
        whole = laid_over(whole, document)
        yield from _dangling(name, whole)


def laid_over(below: Any, above: Any) -> Any:
    """Two compose documents as one, for what is asked here: mappings are joined, lists and values replaced."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{name: laid_over(below.get(name), value) for name, value in above.items()}}


def _dangling(name: str, document: dict[str, Any]) -> Iterator[str]:
    """What services name and nothing is."""
    for service, described in document["services"].items():
        for kind in ("secrets", "networks"):
            for wanted in described.get(kind, ()):
                if wanted not in document[kind]:
                    yield f"{name}: {service} wants the {kind} {wanted}, which are not there"
        for wanted in described.get("depends_on", ()):
            if wanted not in document["services"]:
                yield f"{name}: {service} depends on {wanted}, which is not there"
        for volume in described.get("volumes", ()):
            source = volume.split(":")[0]
            missing = not (HERE / source).exists() if source.startswith(".") else source not in document["volumes"]
            if missing:
                yield f"{name}: {service} wants the volume {source}, which is not there"


def manifests() -> Iterator[tuple[Path, dict[str, Any]]]:
    """All manifests with the files that they are in."""
    for path in sorted((HERE / "kubernetes").rglob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield path, document


def manifest_problems() -> Iterator[str]:
    """What is wrong with the manifests, by Kubernetes' own schemas, with nothing in them that those do not know."""
    named: dict[Path, set[str]] = {}
    for path, document in manifests():
        place = f"{path.relative_to(HERE)}: {document.get('kind')} {document.get('metadata', {}).get('name', '')}"
        if path.name == "kustomization.yaml":
            named[path.parent] = set(document["resources"])
            continue
        yield from _manifest_problems(place, document)
    for folder, names in named.items():
        there = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
        if names != there:
            yield f"{folder.relative_to(HERE)}/kustomization.yaml names {sorted(names)}, and there are {sorted(there)}"


def _manifest_problems(place: str, document: dict[str, Any]) -> Iterator[str]:
    if document["apiVersion"] in _OPERATORS:
        if not {"kind", "metadata", "spec"} <= document.keys():
            yield f"{place} has no kind, metadata or spec"
        return
    try:
        kubernetes_validate.validate(document, _KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{place}: {error.message[:300]}"


def rendered_problems() -> Iterator[str]:
    """What kustomize cannot build, and what is wrong with what it builds, where kubectl is installed."""
    if (program := shutil.which("kubectl")) is None:
        return
    for folder in sorted(path.parent for path in (HERE / "kubernetes").rglob("kustomization.yaml")):
        done = subprocess.run([program, "kustomize", str(folder)], capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"{folder.relative_to(HERE)}: {done.stderr.strip()[:300]}"
        for document in yaml.safe_load_all(done.stdout):
            if document is not None:
                yield from _manifest_problems(f"{folder.relative_to(HERE)}, built: {document['kind']}", document)


def unit_problems() -> Iterator[str]:
    """What systemd does not understand of the units, where it is installed."""
    units = sorted((HERE / "systemd").glob("dyadline*.[st]*"))
    if (program := shutil.which("systemd-analyze")) is None:
        return
    with tempfile.TemporaryDirectory() as name:
        for unit in units:  # the programs are not where they will be
            text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
            (Path(name) / unit.name).write_text(text.replace("EnvironmentFile=", "EnvironmentFile=-"))
        command = [program, "verify", "--man=no", *(str(Path(name) / unit.name) for unit in units)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in (done.stdout + done.stderr).splitlines():
        if name in line or "dyadline" in line:
            yield f"systemd: {line}"


def address_problems() -> Iterator[str]:
    """Addresses of registries, which are no file's to say."""
    for path in sorted(
        each for each in HERE.rglob("*") if each.suffix in {".yaml", ".sh", ".service"} or each.name == "Dockerfile"
    ):
        for found in _REGISTRY.finditer(path.read_text()):
            yield f"{path.relative_to(HERE)} names {found[0]}"


def problems() -> list[str]:
    """All of it."""
    return [*compose_problems(), *manifest_problems(), *rendered_problems(), *unit_problems(), *address_problems()]


if __name__ == "__main__":
    sys.exit("\n".join(problems()) or 0)
