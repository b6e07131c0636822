"""Limits of the free `attributes` object, which is kept as it came."""

from typing import Any, Final

from event_schemas.json_text import write_json

MAX_BYTES: Final = 16 * 1024
MAX_LEVELS: Final = 16
MAX_INTEGER: Final = 2**63


def check_attributes(value: dict[str, Any]) -> dict[str, Any]:
    """The same object; raises ValueError, saying which limit it breaks. The object itself is level 1."""
    _check(value, 1)
    size = len(write_json(value))
    if size > MAX_BYTES:
        raise ValueError(f"{size} bytes of JSON: at most {MAX_BYTES} are kept")
    return value


def _check(value: Any, level: int) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("holds a NUL character: leave it out")
    elif isinstance(value, bool):
        return
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise ValueError(f"the integer {value} is beyond ±2^63: send it as a string")
    elif isinstance(value, dict | list):
        if level > MAX_LEVELS:
            raise ValueError(f"nested deeper than {MAX_LEVELS} levels")
        if isinstance(value, dict):
            for key, item in value.items():
                _check(key, level)
                _check(item, level + 1)
        else:
            for item in value:
                _check(item, level + 1)
