"""Hold `asyncapi.yaml` against AsyncAPI 3, by AsyncAPI's own parser, and its examples against their schemas.

The parser is pinned in `deploy/requirements/package-lock.json`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml
from jsonschema import Draft202012Validator

from event_schemas.json_text import read_json
from local_stack.node_packages import node_packages, run_node

HERE: Final = Path(__file__).parent
DOCUMENT: Final = HERE / "asyncapi.yaml"
_PINS: Final = HERE.parent / "deploy/requirements"


def problems(document: Path) -> list[str]:
    """What is wrong with an AsyncAPI document that lies in this folder; empty if it is valid."""
    parsed = run_node([str(HERE / "check_asyncapi.cjs"), str(document)], node_packages(_PINS))
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
