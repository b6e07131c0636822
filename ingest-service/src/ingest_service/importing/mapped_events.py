"""A row as an event, by a mapping: or the reason why it is none."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Final, TypeVar

import orjson

from event_schemas.countries import CountryError, country_name
from event_schemas.dates import DateFormatError, parse_when
from event_schemas.events import derive_uuid, id_from_origin
from ingest_service.importing.country_schemes import read_country
from ingest_service.importing.drafts import DroppedRowError, UnreadableRowError
from ingest_service.importing.mapped_texts import Cells, extracted
from ingest_service.importing.mapping import Actor, Countries, Id, JsonColumn, Mapping, Number, Source

Part = TypeVar("Part")
NO_PAIR: Final = "it names fewer than two countries"


def mapped_event(texts: dict[str, str], mapping: Mapping) -> dict[str, Any]:
    """The event of a row; raises DroppedRowError and UnreadableRowError."""
    cells = Cells(texts, mapping)
    _skip(cells)
    when = cells.when(mapping.when)
    day = _first_day(when)
    named = [(code, part.initiator) for part in mapping.countries for code in _countries(cells, part, day)]
    countries = sorted({code for code, _ in named})
    if len(countries) < 2:
        raise DroppedRowError(NO_PAIR)
    initiators = sorted({code for code, acted in named if acted})
    if len(initiators) == len(countries):
        initiators = []
    event: dict[str, Any] = {
        "title": cells.text(mapping.title, _computed(countries, initiators)),
        "when": when,
        "countries": countries,
        "initiators": initiators,
        "type": cells.text(mapping.type),
        **{name: cells.text(getattr(mapping, name)) for name in ("summary", "valence", "domain", "stage")},
        "goldstein": cells.number(mapping.goldstein) if mapping.goldstein else None,
        "actors": _several(cells, mapping.actors, lambda actor: _actor(cells, actor, day)),
        "sources": _several(cells, mapping.sources, lambda source: _source(cells, source)),
        "tags": _several(cells, mapping.tags, cells.text),
        "codes": _named(cells, mapping.codes),
        "attributes": _named(cells, mapping.attributes),
    }
    event = {name: value for name, value in event.items() if value not in (None, "", [], {})}
    if mapping.id is not None:
        event["id"] = _id(cells, mapping.id)
    return event


def _skip(cells: Cells) -> None:
    for rule in cells.mapping.skip:
        text = cells.of(rule.column)
        if rule.is_ is not None and text in [cells.text(each) for each in rule.is_]:
            raise DroppedRowError(rule.because)
        if rule.is_not is not None and text not in [cells.text(each) for each in rule.is_not]:
            raise DroppedRowError(rule.because)


def _first_day(when: str) -> date | None:
    """The day by which numbers of states are read; an open start has none."""
    try:
        return parse_when(when).earliest
    except DateFormatError as error:  # an interval that ends before it begins
        raise UnreadableRowError("its date cannot be read", str(error)) from error


def _countries(cells: Cells, part: Countries, day: date | None) -> list[str]:
    if part.constant is not None:
        texts = [part.constant]
    else:
        column = part.column or ""
        columns = [name for name in cells.texts if fnmatchcase(name, column)] if "*" in column else [column]
        texts = [extracted(cells.of(column), part.extract) for column in columns]
    several = [each.strip() for text in texts for each in _items(text, part.split)]
    return [_country(each, part, day) for each in several if each]


def _items(text: str, split: str | None) -> list[str]:
    """What a cell names: of a list, as NDJSON and Parquet have them, its items."""
    if text.startswith('["'):
        with suppress(ValueError):
            return [str(item) for item in orjson.loads(text)]
    return text.split(split) if split else [text]


def _country(text: str, part: Countries, day: date | None) -> str:
    if text in part.also:
        return part.also[text]
    try:
        return read_country(text, part.as_, day)
    except CountryError as error:
        if part.unknown == "drop":
            raise DroppedRowError(f"column {part.column!r} names no country") from error
        reason = f"a country in column {part.column!r} cannot be read"
        raise UnreadableRowError(reason, f"column {part.column!r}: {error}") from error


def _computed(countries: list[str], initiators: list[str]) -> dict[str, str]:
    acted = initiators or countries
    others = [code for code in countries if code not in initiators]
    return {"@countries": _words(countries), "@initiators": _words(acted), "@others": _words(others)}


def _words(codes: list[str]) -> str:
    names = [country_name(code) for code in codes]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _several(cells: Cells, parts: list[Part] | JsonColumn, made: Callable[[Part], Any]) -> Any:
    """A list of what the parts say, without those that say nothing; or the cell's own JSON."""
    if isinstance(parts, JsonColumn):
        return cells.json(parts.json_)
    return [value for part in parts if (value := made(part))]


def _named(cells: Cells, parts: dict[str, Any] | JsonColumn) -> Any:
    """What the parts say, by name, without those that say nothing; or the cell's own JSON."""
    if isinstance(parts, JsonColumn):
        return cells.json(parts.json_)
    values = {
        name: cells.number(part) if isinstance(part, Number) else cells.text(part) for name, part in parts.items()
    }
    return {name: value for name, value in values.items() if value not in (None, "")}


def _actor(cells: Cells, actor: Actor, day: date | None) -> dict[str, str]:
    name = cells.text(actor.name)
    countries = _countries(cells, actor.country, day) if name and actor.country else []
    return {"name": name, **({"country": countries[0]} if countries else {})} if name else {}


def _source(cells: Cells, source: Source) -> dict[str, str]:
    said = {
        "url": cells.text(source.url),
        "title": cells.text(source.title),
        "publisher": cells.text(source.publisher),
        "published": cells.date(source.published) if source.published else "",
    }
    return {name: value for name, value in said.items() if value} if said["url"] else {}


def _id(cells: Cells, given: Id) -> str:
    parts = [cells.of(column) for column in given.columns]
    if not any(parts):
        raise UnreadableRowError("it has no id", f"columns {', '.join(map(repr, given.columns))} are empty")
    if given.of is None:
        return parts[0]
    return id_from_origin(given.of, parts[0]) if len(parts) == 1 else derive_uuid("row", given.of, *parts)
