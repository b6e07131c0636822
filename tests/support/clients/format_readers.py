"""What those know who read our formats with tools of their own: a schema, the meaning of cells, a reader's habits."""

import json
from typing import Any, Final

import jsonschema

#: What timeline.knightlab.com/docs/json-format.html says of the slides that we write, and nothing beside it.
_TIMELINEJS: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["events"],
    "additionalProperties": False,
    "properties": {
        "events": {
            "type": "array",
            "items": {"allOf": [{"$ref": "#/$defs/slide"}, {"required": ["start_date"]}]},
        },
        "title": {"$ref": "#/$defs/slide"},
        "eras": {"type": "array"},
        "scale": {"enum": ["human", "cosmological"]},
    },
    "$defs": {
        "slide": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "start_date": {"$ref": "#/$defs/date"},
                "end_date": {"$ref": "#/$defs/date"},
                "text": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"headline": {"type": "string"}, "text": {"type": "string"}},
                },
                "media": {"type": "object", "required": ["url"]},
                "group": {"type": "string"},
                "display_date": {"type": "string"},
                "background": {"type": "object"},
                "autolink": {"type": "boolean"},
                "unique_id": {"type": "string", "minLength": 1},
            },
        },
        "date": {
            "type": "object",
            "required": ["year"],
            "additionalProperties": False,
            "properties": {
                "year": {"type": "integer"},
                "month": {"type": "integer", "minimum": 1, "maximum": 12},
                "day": {"type": "integer", "minimum": 1, "maximum": 31},
                "hour": {"type": "integer", "minimum": 0, "maximum": 23},
                "minute": {"type": "integer", "minimum": 0, "maximum": 59},
                "second": {"type": "integer", "minimum": 0, "maximum": 59},
                "millisecond": {"type": "integer"},
                "display_date": {"type": "string"},
            },
            "dependentRequired": {"day": ["month"]},
        },
    },
}
TIMELINEJS_SCHEMA: Final = jsonschema.Draft202012Validator(_TIMELINEJS)


def cell_means(name: str, cell: str, value: Any) -> bool:
    """Whether a cell means a value, as somebody reads it who knows the columns only."""
    if name in {"countries", "initiators", "pairs"}:
        return [part for part in cell.split(";") if part] == list(value)
    if name in {"tags", "actors", "sources", "codes", "attributes"}:
        return bool((json.loads(cell) if cell else type(value)()) == value)
    if name in {"approximate", "uncertain"}:
        return cell == {True: "true", False: "false"}[value]
    if name in {"goldstein", "revision"}:
        return bool((float(cell) if cell else None) == value)
    if name in {"title", "summary"} and cell.startswith("'") and cell[1:2] in tuple("=+-@\t\r") and cell != value:
        cell = cell[1:]
    return bool(cell == (value or ""))


def as_a_reader_repairs_it(value: str) -> str:
    """Readers take "Â¡" for a "¡" that was encoded twice, and keep no blanks at the ends."""
    try:
        return value.encode("iso-8859-1").decode().strip()
    except UnicodeError:
        return value.strip()
