"""`make sbom`: what Dyadline is made of (CycloneDX): its own distributions, what they import, and what its pages run.

Everything is read from the files that pin it, so the same checkout gives the same list, with a hash for each part.
"""

import base64
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
MEMBERS: Final = ("schemas", "schemas/service-edge", "ingest-service", "timeline-service")
FRONT: Final = ROOT / "timeline-service" / "front" / "package-lock.json"
Component = dict[str, Any]


def main() -> None:
    """Write the list into the file that is named, by default dist/sbom.cdx.json."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist" / "sbom.cdx.json")
    document = _python_parts()
    own = [_own_part(member) for member in MEMBERS]
    document["components"] += [*own, *_page_parts()]
    document["metadata"]["component"] = {
        "bom-ref": "dyadline",
        "type": "application",
        "name": "dyadline",
        **_licensed(),
    }
    document["metadata"]["component"]["version"] = own[0]["version"]
    document["dependencies"].append(
        {"ref": "dyadline", "dependsOn": [part["bom-ref"] for part in document["components"]]}
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=1) + "\n")
    print(f"{len(document['components'])} parts in {target}")


def _python_parts() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "python.json"
        command = [sys.executable, "-m", "cyclonedx_py", "requirements", "runtime.txt", "--output-reproducible"]
        subprocess.run([*command, "-o", str(written)], check=True, cwd=HERE)
        document: dict[str, Any] = json.loads(written.read_text())
    for component in document["components"]:
        component.pop("description", None)  # the line of the file with all its hashes, which are listed below it
    return document


def _own_part(member: str) -> Component:
    project = tomllib.loads((ROOT / member / "pyproject.toml").read_text())["project"]
    reference = f"pkg:pypi/{project['name']}@{project['version']}"
    described = {key: project[key] for key in ("name", "version", "description")}
    return {"bom-ref": reference, "purl": reference, "type": "library", **described, **_licensed(project["license"])}


def _page_parts() -> Iterator[Component]:
    """What the bundle of the pages' script is made of; what only builds or checks it is no part of it."""
    for path, package in sorted(json.loads(FRONT.read_text())["packages"].items()):
        if path and not package.get("dev"):
            yield _page_part(path.rpartition("node_modules/")[2], package)


def _page_part(name: str, package: Mapping[str, str]) -> Component:
    reference = f"pkg:npm/{name.replace('@', '%40', 1)}@{package['version']}"
    algorithm, _, digest = package["integrity"].partition("-")
    hashed = {"alg": algorithm.upper().replace("SHA", "SHA-"), "content": base64.b64decode(digest).hex()}
    described = {"name": name, "version": package["version"], "hashes": [hashed]}
    return {"bom-ref": reference, "purl": reference, "type": "library", **described, **_licensed(package["license"])}


def _licensed(expression: str = "Apache-2.0") -> dict[str, Any]:
    return {"licenses": [{"license": {"id": expression}}]}


if __name__ == "__main__":
    main()
