"""The columns that a mapping needs, in its order: what a table has to have before any row of it is read."""

from collections.abc import Iterator
from typing import Any

from ingest_service.importing.mapping import (
    COMPUTED,
    PLACE,
    Actor,
    Countries,
    Date,
    Id,
    JsonColumn,
    Lookup,
    Mapping,
    Number,
    Skip,
    Source,
    When,
)


def columns_of(mapping: Mapping) -> list[str]:
    """Each column once; those with * in their names may be missing."""
    parts = [
        mapping.skip, mapping.id, mapping.when, mapping.countries, mapping.title, mapping.type, mapping.summary,
        mapping.valence, mapping.domain, mapping.stage, mapping.goldstein, mapping.actors, mapping.sources,
        mapping.tags, mapping.codes, mapping.attributes,
    ]  # fmt: skip
    named = (column for part in parts for column in _columns(part))
    return [column for column in dict.fromkeys(named) if column not in COMPUTED and "*" not in column]


def _columns(part: Any) -> Iterator[str]:
    match part:
        case str():
            yield from PLACE.findall(part)
        case list():
            yield from (column for each in part for column in _columns(each))
        case dict():
            yield from _columns(list(part.values()))
        case Skip():
            yield part.column
            yield from _columns([*(part.is_ or []), *(part.is_not or [])])
        case When():
            yield from _present(part.column, part.year, part.month, part.day)
            yield from _columns([part.start, part.end, part.precision])
        case Date():
            yield from _present(part.column, part.year, part.month, part.day)
        case Lookup():
            yield part.column
        case Countries():
            yield from _present(part.column)
        case Number():
            yield part.number
        case JsonColumn():
            yield part.json_
        case Id():
            yield from part.columns
        case Actor():
            yield from _columns([part.name, part.country])
        case Source():
            yield from _columns([part.url, part.title, part.publisher, part.published])


def _present(*columns: str | None) -> Iterator[str]:
    return (column for column in columns if column is not None)
