"""Where the stack of a checkout runs, for the commands of one who works in it: as `make up` has written it down."""

import json
import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

_RECORD: Final = Path("run", "stack.json")
_STATE: Final = ".local"
_SERVICES: Final = ("INGEST", "TIMELINE")
_GIVEN: Final = "(given)"  # a database whose address is nobody's to write down


def find_running_stack(environment: MutableMapping[str, str] = os.environ, folder: Path | None = None) -> None:
    """Set the addresses of the stack that runs in this checkout, but none that the environment has, or has in a file.

    It is the one of `STATE_DIR` or, without that, of the nearest folder from the current one upwards that has one.
    """
    for name, address in _addresses(_record(environment, folder or Path.cwd())).items():
        if not any(environment.get(each, "").strip() for each in (name, f"{name}_FILE")):
            environment[name] = address


def _record(environment: Mapping[str, str], folder: Path) -> Mapping[str, Any]:
    state = environment.get("STATE_DIR", "").strip()
    folders = [folder / state] if state else [each / _STATE for each in (folder, *folder.parents)]
    for each in folders:
        try:
            record = json.loads((each / _RECORD).read_bytes())
        except (OSError, ValueError):
            continue
        return record if isinstance(record, dict) and record.get("wanted") is True else {}
    return {}


def _addresses(record: Mapping[str, Any]) -> dict[str, str]:
    if not record:
        return {}
    found = {f"{name}_URL": _url(record, name) for name in _SERVICES if _is_port(record, f"{name}_PORT")}
    if given := record.get("KAFKA_BOOTSTRAP_SERVERS"):
        found["KAFKA_BOOTSTRAP_SERVERS"] = str(given)
    elif _is_port(record, "KAFKA_PORT"):
        found["KAFKA_BOOTSTRAP_SERVERS"] = f"127.0.0.1:{record['KAFKA_PORT']}"
    if record.get("DATABASE_URL") != _GIVEN and _is_port(record, "POSTGRES_PORT"):
        found["DATABASE_URL"] = f"postgresql://dyadline@127.0.0.1:{record['POSTGRES_PORT']}/dyadline"
    return found


def _url(record: Mapping[str, Any], name: str) -> str:
    scheme = "https" if record.get(f"{name}_TLS") is True else "http"
    return f"{scheme}://{record.get(f'{name}_HOST', '127.0.0.1')}:{record[f'{name}_PORT']}"


def _is_port(record: Mapping[str, Any], name: str) -> bool:
    return isinstance(record.get(name), int)
