"""Named statements, read from the package's `.sql` files."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def read_statements(name: str) -> Mapping[str, str]:
    """The statements of `sql/NAME.sql`, each by the name in the comment above it."""
    parts = _NAME.split((files("timeline_service") / "sql" / f"{name}.sql").read_text(encoding="utf-8"))
    return {title: text.strip().rstrip(";") for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def generation_schema(n: int) -> str:
    """The schema that holds generation `n`."""
    return f"timeline_g{n:d}"
