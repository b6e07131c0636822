"""A draft of a mapping for a table, from its columns' names and first cells. Each line says why; people decide."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from event_schemas.taxonomy import TYPES
from ingest_service.importing.mapping_columns import columns_of
from ingest_service.importing.presets import PRESETS, preset
from ingest_service.importing.recognition import (
    Column,
    are_addresses,
    are_ids,
    are_numbers,
    are_types,
    called,
    country_scheme,
    date_format,
    is_cameo,
)

_ACTS: Final = ("source", "initiator", "from", "sender", "implement", "actor1", "who", "side_a", "by")
_MAX_CODES: Final = 40
_MAX_ATTRIBUTES: Final = 20


def known_layout(columns: Sequence[str]) -> str | None:
    """The ready mapping whose columns a table has all of."""
    return next((name for name in PRESETS if set(columns_of(preset(name))) <= set(columns)), None)


def suggest(columns: Sequence[Column], name: str, delimiter: str = ",") -> str:
    """The draft as YAML with comments."""
    return "\n".join([
        f"# A draft for {name}. Read each line, correct it, then try it:",
        f"# ingest import csv {name} --mapping THIS.yaml --dry-run",
        *([f"delimiter: {_quoted(delimiter)}"] if delimiter != "," else []),
        *_Draft(columns).lines(),
        "",
    ])  # fmt: skip


class _Draft:
    """Takes columns one after another for what they most surely are; what is left becomes attributes."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._left = {column.name: column for column in columns}
        self._countries: list[Column] = []

    def lines(self) -> Iterator[str]:
        """All lines of the draft."""
        head = [*self._id(), *self._when(), *self._country_lines(), *self._type()]
        sources = [*self._sources()]
        yield from [*self._title(), *head, *self._numbers(), *sources, *self._rest()]

    def _take(self, column: Column) -> Column:
        return self._left.pop(column.name)

    def _id(self) -> Iterator[str]:
        column = next(filter(are_ids, self._left.values()), None)
        if column is None:
            yield "# No column names each row: the same words make one event. Better is `id: {of: …, columns: [A, B]}`."
            return
        yield f"# {column.name} names each row seen. `of` says whose ids they are: write the source's address."
        yield f"id: {{of: {_quoted('https://example.org/')}, columns: [{_quoted(self._take(column).name)}]}}"

    def _when(self) -> Iterator[str]:
        found = [(column, finding) for column in self._left.values() if (finding := date_format(column))]
        found.sort(key=lambda each: not called(each[0], ("event", "date", "when", "start", "begin")))
        if not found:
            yield "# No column reads as a date. Parts of one: `when: {year: A, month: B, day: C}`."
            yield "when: {column: WHICH}"
            return
        column, finding = found[0]
        yield f"# {self._take(column).name}: {finding.why}."
        form = f", format: {_quoted(finding.form)}" if finding.form not in {None, "EDTF"} else ""
        yield f"when: {{column: {_quoted(column.name)}{form}}}"
        for other, _ in found[1:]:
            yield f"# {other.name} reads as a date, too: it may be the one, or the end of an interval."

    def _country_lines(self) -> Iterator[str]:
        found = [(column, scheme) for column in self._left.values() if (scheme := country_scheme(column))]
        yield "countries:"
        if len(found) < 2:
            yield "  # Fewer than two columns hold countries: say which do, and how (iso, cameo, cow, fips, name)."
        for column, scheme in found:
            acts = called(column, _ACTS)
            yield f"  # {column.name} holds countries, such as {column.cells[0]}" + (
                "; its name says that they act." if acts else "."
            )
            initiator = ", initiator: true" if acts and len(found) > 1 else ""
            yield f"  - {{column: {_quoted(self._take(column).name)}, as: {scheme}{initiator}}}"
            self._countries.append(column)
        if not found:
            yield "  - {column: WHICH, as: name}"

    def _type(self) -> Iterator[str]:
        columns = list(self._left.values())
        for column in columns:
            if table := is_cameo(column):
                yield f"# {column.name} holds CAMEO's codes, such as {column.cells[0]}."
                yield f"type: {{column: {_quoted(column.name)}, table: {table}}}"
                return
        if (typed := next(filter(are_types, columns), None)) is not None:
            yield f"# {typed.name} holds our own types."
            yield f"type: {{column: {_quoted(self._take(typed).name)}}}"
            return
        kinds = [column for column in columns if called(column, ("type", "kind", "event", "category", "action"))]
        few = [column for column in kinds if column.cells and len(column.distinct) <= _MAX_CODES]
        if not few:
            yield "# No column tells types (`timeline types` lists them); `other` is for all until one is named."
            yield "type: other"
            return
        yield f"# {few[0].name} may tell types. Where none is named, `other` stands: `timeline types` lists them."
        yield f"type:\n  column: {_quoted(few[0].name)}\n  codes:"
        for text in few[0].distinct:
            yield f"    {_quoted(text)}: {_type_within(text)}"

    def _title(self) -> Iterator[str]:
        texts = [
            column for column in self._left.values() if called(column, ("title", "headline", "event text", "name"))
        ]
        if texts:
            yield f"# {texts[0].name} reads like a title."
            yield f"title: {_quoted('{' + texts[0].name + '}')}"
            self._take(texts[0])
            return
        yield "# No column reads like a title: it is made of the countries' names. {Column} places can be added."
        yield 'title: "{@initiators} and {@others}"' if len(self._countries) > 1 else 'title: "{@countries}"'

    def _numbers(self) -> Iterator[str]:
        for column in list(self._left.values()):
            if called(column, ("goldstein", "intensity")) and are_numbers(column, -10, 10):
                yield f"# {column.name} holds numbers on Goldstein's scale."
                yield f"goldstein: {{number: {_quoted(self._take(column).name)}}}"
                return

    def _sources(self) -> Iterator[str]:
        found = [column for column in self._left.values() if are_addresses(column)]
        if found:
            yield "# What holds addresses is a source."
            yield "sources:"
            yield from (f"  - {{url: {_quoted('{' + self._take(column).name + '}')}}}" for column in found)

    def _rest(self) -> Iterator[str]:
        left = [column.name for column in self._left.values() if column.cells][:_MAX_ATTRIBUTES]
        if left:
            yield "# What is left is kept as it is; remove what nobody needs."
            yield "attributes:"
            yield from (f"  {_quoted(name)}: {_quoted('{' + name + '}')}" for name in left)


def _type_within(text: str) -> str:
    """The longest type whose name stands in a text; to be spelt alike is not enough."""
    folded = text.casefold().replace(" ", "_").replace("-", "_")
    return max((known for known in TYPES if known in folded), key=len, default="other")


def _quoted(text: str | None) -> str:
    """A text as YAML takes it, whatever it holds."""
    return json.dumps(text or "", ensure_ascii=False)
