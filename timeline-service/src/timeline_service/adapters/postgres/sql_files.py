"""Named statements, read from the package's `.sql` files."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

_SHAPING: Final = ("generation_tables", "generation_indexes")
_NAME: Final = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_PARAMETER: Final = re.compile(r"\$([a-z]\w*)")


@cache
def read_statements(name: str) -> Mapping[str, str]:
    """The statements of `sql/NAME.sql`, each by the name in the comment above it."""
    parts = _NAME.split((files("timeline_service") / "sql" / f"{name}.sql").read_text(encoding="utf-8"))
    return {title: text.strip().rstrip(";") for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def bound(sql: str, **values: Any) -> tuple[str, *tuple[Any, ...]]:
    """What a connection takes of a statement whose parameters have names, such as `$pair`: it with numbers, and values.

    Every parameter is given, and nothing else: `connection.fetch(*bound(sql, pair=pair))`.
    """
    text, names = _numbered(sql)
    assert len(values) == len(names), f"{sorted(values)} are given for {sorted(names)}: {sql}"
    return text, *(values[name] for name in names)


@lru_cache(1024)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """The statement with a number for each name, and the names in their order."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
    numbers = {name: number for number, name in enumerate(names, 1)}
    return _PARAMETER.sub(lambda found: f"${numbers[found[1]]}", sql), names


def filled(sql: str, words: Mapping[str, str]) -> str:
    """A statement with a meaning for each of its words."""
    for word, meaning in words.items():
        sql = sql.replace(word, meaning)
    return sql


def generation_schema(n: int) -> str:
    """The schema that holds generation `n`."""
    return f"timeline_g{n:d}"


def of_generation(sql: str, n: int) -> str:
    """A statement about generation `n`: {schema} is its schema, {n} its number."""
    return sql.replace("{schema}", generation_schema(n)).replace("{n}", f"{n:d}")


def generation_statements(name: str, n: int) -> Mapping[str, str]:
    """The statements of `sql/NAME.sql`, about generation `n`."""
    return {title: of_generation(text, n) for title, text in read_statements(name).items()}


@cache
def generation_shape() -> str:
    """A digest of the statements that make a generation's tables: code of another shape cannot read them."""
    texts = [(files("timeline_service") / "sql" / f"{name}.sql").read_bytes() for name in _SHAPING]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:12]
