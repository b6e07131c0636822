"""Named statements, read from the package's `.sql` files."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

_SHAPING: Final = ("generation_tables", "generation_indexes")
_NAME: Final = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def read_statements(name: str) -> Mapping[str, str]:
    """The statements of `sql/NAME.sql`, each by the name in the comment above it."""
    parts = _NAME.split((files("timeline_service") / "sql" / f"{name}.sql").read_text(encoding="utf-8"))
    return {title: text.strip().rstrip(";") for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def generation_schema(n: int) -> str:
    """The schema that holds generation `n`."""
    return f"timeline_g{n:d}"


def of_generation(sql: str, n: int) -> str:
    """A statement about generation `n`: {schema} is its schema, {n} its number."""
    return sql.replace("{schema}", generation_schema(n)).replace("{n}", f"{n:d}")


@cache
def generation_shape() -> str:
    """A digest of the statements that make a generation's tables: code of another shape cannot read them."""
    texts = [(files("timeline_service") / "sql" / f"{name}.sql").read_bytes() for name in _SHAPING]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:12]
