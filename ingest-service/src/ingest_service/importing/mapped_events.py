"""A row as an event, by a mapping: or the reason why it is none."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Final

import orjson

from event_schemas.countries import CountryError, country_name
from event_schemas.dates import DateFormatError, parse_when
from event_schemas.events import derive_uuid, id_from_origin
from ingest_service.importing.country_schemes import read_country
from ingest_service.importing.drafts import DroppedRowError, UnreadableRowError
from ingest_service.importing.mapped_texts import (
    Cells,
    date_reader,
    extracted,
    read_cells,
    text_reader,
    when_reader,
)
from ingest_service.importing.mapping import Actor, Countries, Id, JsonColumn, Mapping, Number, Skip, Source, Text

#: Reads part of an event in a row, at the day by which numbers of states are read; an open start has none.
Reads = Callable[[Cells, date | None], Any]
NO_PAIR: Final = "it names fewer than two countries"
_PLAIN: Final = ("type", "summary", "valence", "domain", "stage")


class RowReader:
    """A mapping, made ready to read rows: what it says is looked at once, not for each row."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._skips = [_skip_reader(rule) for rule in mapping.skip]
        self._when = when_reader(mapping.when)
        self._countries = [(_countries_reader(part), part.initiator) for part in mapping.countries]
        said = ((name, getattr(mapping, name)) for name in _PLAIN)
        self._texts = [(name, text_reader(what)) for name, what in said if what is not None]
        parts: list[tuple[str, Reads]] = [
            ("goldstein", _number_reader(mapping.goldstein) if mapping.goldstein is not None else _nothing),
            ("actors", _list_reader(mapping.actors, _actor_reader)),
            ("sources", _list_reader(mapping.sources, _source_reader)),
            ("tags", _list_reader(mapping.tags, _text_reader)),
            ("codes", _object_reader(mapping.codes)),
            ("attributes", _object_reader(mapping.attributes)),
        ]
        self._parts = [(name, reads) for name, reads in parts if reads is not _nothing]
        self._title = text_reader(mapping.title)
        self._computes = isinstance(mapping.title, str) and "{@" in mapping.title

    def event(self, texts: dict[str, str]) -> dict[str, Any]:
        """The event of a row; raises DroppedRowError and UnreadableRowError."""
        cells = read_cells(texts, self._mapping)
        for skip in self._skips:
            skip(cells)
        when = self._when(cells)
        day = _first_day(when)
        named: set[str] = set()
        acted: set[str] = set()
        for reads_codes, initiator in self._countries:
            codes = reads_codes(cells, day)
            named.update(codes)
            if initiator:
                acted.update(codes)
        if len(named) < 2:
            raise DroppedRowError(NO_PAIR)
        countries = sorted(named)
        initiators = sorted(acted) if len(acted) < len(named) else []
        event: dict[str, Any] = {"when": when, "countries": countries}
        if initiators:
            event["initiators"] = initiators
        if title := self._title(_with_words(cells, countries, initiators) if self._computes else cells):
            event["title"] = title
        for name, reads_text in self._texts:
            if text := reads_text(cells):
                event[name] = text
        for name, reads in self._parts:
            value = reads(cells, day)
            if value or value == 0:
                event[name] = value
        if self._mapping.id is not None:
            event["id"] = _id(cells, self._mapping.id)
        return event


def _with_words(cells: Cells, countries: list[str], initiators: list[str]) -> Cells:
    """The cells with what a title can name that is in no column."""
    others = [code for code in countries if code not in initiators]
    named = {"@countries": countries, "@initiators": initiators or countries, "@others": others}
    return Cells({**cells, **{name: _words(codes) for name, codes in named.items()}})


def _nothing(cells: Cells, day: date | None) -> None:
    """Reads nothing."""


def _text_reader(what: Text) -> Reads:
    reads = text_reader(what)
    return lambda cells, _: reads(cells)


def _skip_reader(rule: Skip) -> Callable[[Cells], None]:
    is_, is_not = ([text_reader(each) for each in texts or []] for texts in (rule.is_, rule.is_not))

    def skip(cells: Cells) -> None:
        text = cells[rule.column]
        if rule.is_ is not None and text in [reads(cells) for reads in is_]:
            raise DroppedRowError(rule.because)
        if rule.is_not is not None and text not in [reads(cells) for reads in is_not]:
            raise DroppedRowError(rule.because)

    return skip


def _list_reader(parts: Any, reader: Callable[[Any], Reads]) -> Reads:
    """Reads a list of what the parts say, without those that say nothing; or the cell's own JSON."""
    if isinstance(parts, JsonColumn):
        return _json_reader(parts)
    readers = [reader(part) for part in parts]
    return (lambda cells, day: [value for reads in readers if (value := reads(cells, day))]) if readers else _nothing


def _object_reader(parts: Any) -> Reads:
    """Reads what the parts say, by name, without those that say nothing; or the cell's own JSON."""
    if isinstance(parts, JsonColumn):
        return _json_reader(parts)
    readers = [
        (name, _number_reader(part) if isinstance(part, Number) else _text_reader(part)) for name, part in parts.items()
    ]

    def read(cells: Cells, day: date | None) -> dict[str, Any]:
        values = ((name, reads(cells, day)) for name, reads in readers)
        return {name: value for name, value in values if value not in (None, "")}

    return read if readers else _nothing


def _json_reader(column: JsonColumn) -> Reads:
    return lambda cells, _: cells.json(column.json_)


def _number_reader(number: Number) -> Reads:
    return lambda cells, _: cells.number(number)


def _actor_reader(actor: Actor) -> Reads:
    named = text_reader(actor.name)
    reads_codes = _countries_reader(actor.country) if actor.country else None

    def read(cells: Cells, day: date | None) -> dict[str, str]:
        if not (name := named(cells)):
            return {}
        countries = reads_codes(cells, day) if reads_codes is not None else []
        return {"name": name, **({"country": countries[0]} if countries else {})}

    return read


def _source_reader(source: Source) -> Reads:
    address = text_reader(source.url)
    published = date_reader(source.published) if source.published is not None else None
    texts = [(name, getattr(source, name)) for name in ("title", "publisher")]
    readers = [(name, text_reader(what)) for name, what in texts if what is not None]

    def read(cells: Cells, _: date | None) -> dict[str, str]:
        if not (url := address(cells)):
            return {}
        said = {"url": url, **{name: text for name, reads in readers if (text := reads(cells))}}
        if published is not None and (day := published(cells)):
            said["published"] = day
        return said

    return read


def _first_day(when: str) -> date | None:
    """The day by which numbers of states are read; an open start has none."""
    try:
        return parse_when(when).earliest
    except DateFormatError as error:  # an interval that ends before it begins
        raise UnreadableRowError("its date cannot be read", str(error)) from error


def _countries_reader(part: Countries) -> Callable[[Cells, date | None], list[str]]:
    """Reads the countries that a constant, a column or several of them name."""
    if (constant := part.constant) is not None:
        return lambda _, day: _codes(constant, part, day)
    column = part.column or ""
    if "*" in column:
        return lambda cells, day: [
            code
            for name, text in cells.items()
            if fnmatchcase(name, column)
            for code in _codes(extracted(text, part.extract), part, day)
        ]
    if part.extract is not None:
        return lambda cells, day: _codes(extracted(cells[column], part.extract), part, day)
    return lambda cells, day: _codes(text, part, day) if (text := cells[column]) else []


def _codes(text: str, part: Countries, day: date | None) -> list[str]:
    return [_country(name, part, day) for each in _items(text, part.split) if (name := each.strip())]


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


def _words(codes: list[str]) -> str:
    names = [country_name(code) for code in codes]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _id(cells: Cells, given: Id) -> str:
    parts = [cells[column] for column in given.columns]
    if not any(parts):
        raise UnreadableRowError("it has no id", f"columns {', '.join(map(repr, given.columns))} are empty")
    if given.of is None:
        return parts[0]
    return id_from_origin(given.of, parts[0]) if len(parts) == 1 else derive_uuid("row", given.of, *parts)
