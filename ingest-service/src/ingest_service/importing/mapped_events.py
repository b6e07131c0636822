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
from ingest_service.importing.mapped_texts import Cells, extracted, text_reader
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
        said = [(name, getattr(mapping, name)) for name in _PLAIN]
        parts: list[tuple[str, Reads]] = [(name, _text_reader(what)) for name, what in said if what is not None]
        if (goldstein := mapping.goldstein) is not None:
            parts.append(("goldstein", lambda cells, _: cells.number(goldstein)))
        parts += [
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
        mapping, cells = self._mapping, Cells(texts, self._mapping)
        for skip in self._skips:
            skip(cells)
        when = cells.when(mapping.when)
        day = _first_day(when)
        named = [(code, part.initiator) for part in mapping.countries for code in _countries(cells, part, day)]
        countries = sorted({code for code, _ in named})
        if len(countries) < 2:
            raise DroppedRowError(NO_PAIR)
        initiators = sorted({code for code, acted in named if acted})
        if len(initiators) == len(countries):
            initiators = []
        event: dict[str, Any] = {"when": when, "countries": countries}
        if initiators:
            event["initiators"] = initiators
        if title := self._title(self._with_words(cells, countries, initiators) if self._computes else cells):
            event["title"] = title
        for name, reads in self._parts:
            value = reads(cells, day)
            if value or isinstance(value, int | float):
                event[name] = value
        if mapping.id is not None:
            event["id"] = _id(cells, mapping.id)
        return event

    def _with_words(self, cells: Cells, countries: list[str], initiators: list[str]) -> Cells:
        """The cells with what a title can name that is in no column."""
        others = [code for code in countries if code not in initiators]
        named = {"@countries": countries, "@initiators": initiators or countries, "@others": others}
        return Cells({**cells.texts, **{name: _words(codes) for name, codes in named.items()}}, self._mapping)


def _nothing(cells: Cells, day: date | None) -> None:
    """Reads nothing."""


def _text_reader(what: Text) -> Reads:
    reads = text_reader(what)
    return lambda cells, _: reads(cells)


def _skip_reader(rule: Skip) -> Callable[[Cells], None]:
    is_, is_not = ([text_reader(each) for each in texts or []] for texts in (rule.is_, rule.is_not))

    def skip(cells: Cells) -> None:
        text = cells.of(rule.column)
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
    named, country = text_reader(actor.name), actor.country

    def read(cells: Cells, day: date | None) -> dict[str, str]:
        if not (name := named(cells)):
            return {}
        countries = _countries(cells, country, day) if country else []
        return {"name": name, **({"country": countries[0]} if countries else {})}

    return read


def _source_reader(source: Source) -> Reads:
    address, published = text_reader(source.url), source.published
    texts = [(name, getattr(source, name)) for name in ("title", "publisher")]
    readers = [(name, text_reader(what)) for name, what in texts if what is not None]

    def read(cells: Cells, _: date | None) -> dict[str, str]:
        if not (url := address(cells)):
            return {}
        said = {"url": url, **{name: text for name, reads in readers if (text := reads(cells))}}
        if published is not None and (day := cells.date(published)):
            said["published"] = day
        return said

    return read


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
        if part.extract is None and part.split is None and "*" not in column:  # which most are
            text = cells.of(column)
            if not text.startswith('["'):
                return [_country(text, part, day)] if text else []
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


def _words(codes: list[str]) -> str:
    names = [country_name(code) for code in codes]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _id(cells: Cells, given: Id) -> str:
    parts = [cells.of(column) for column in given.columns]
    if not any(parts):
        raise UnreadableRowError("it has no id", f"columns {', '.join(map(repr, given.columns))} are empty")
    if given.of is None:
        return parts[0]
    return id_from_origin(given.of, parts[0]) if len(parts) == 1 else derive_uuid("row", given.of, *parts)
