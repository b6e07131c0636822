"""Write `json/`, the published JSON Schemas, from the models that the services read with; `--check` compares.

One file per record version holds a whole record's value, as it lies in the log; `event.v1` is what one may post.
What no schema can say (a day that exists, initiators among the countries, sizes in bytes) the services check.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from event_schemas.countries import all_countries
from event_schemas.envelopes import LONGEST, SOURCE
from event_schemas.events import Event
from event_schemas.published import UUID, bare, posted_event, present
from event_schemas.requests import Recording, Retraction
from event_schemas.texts import BATCH, ONE_LINE
from event_schemas.versions import Action, type_name

RESULT = Path(__file__).parent / "json"
_URN: Final = "urn:dyadline:schema:"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def generate() -> dict[str, dict[str, Any]]:
    """Every schema by its name."""
    asked = bare(Retraction.model_json_schema())["properties"]
    reason, expected, duplicate = (present(asked[name]) for name in ("reason", "expected_revision", "duplicate_of"))
    said = {"reason": reason, "expected_revision": expected}
    beside = bare(Recording.model_json_schema())["properties"]
    recording = _closed({"event": _content(), "on_existing": present(beside["on_existing"]), "reason": reason}, "event")
    recording["dependentRequired"] = {"on_existing": ["reason"], "reason": ["on_existing"]}
    correction = _closed({"event": _content(), **said}, "event", "reason")
    retraction = _closed({**said, "duplicate_of": {**duplicate, **UUID}}, "reason")
    records = [
        _record("recorded", 1, _content()),
        _record("corrected", 1, correction),
        _record("retracted", 1, retraction),
        _record("recorded", 2, recording),
        _record("corrected", 2, correction),
        _record("retracted", 2, retraction),
    ]
    named = {schema["$id"].removeprefix(_URN): schema for schema in records}
    return {"event.v1": _named("event.v1", "An event, as it is posted", posted_event()), **named}


def _content() -> dict[str, Any]:
    """An event's content: normalised, without id, and nothing in it is empty."""
    schema = bare(Event.model_json_schema())
    fields = {name: present(field) for name, field in schema["properties"].items() if name != "id"}
    country = {"enum": [code for code, _ in all_countries()]}
    fields["countries"] |= {"items": country, "uniqueItems": True}
    fields["initiators"] |= {"items": country, "uniqueItems": True, "minItems": 1}
    fields["tags"] |= {"uniqueItems": True, "minItems": 1}
    for name in ("actors", "sources"):
        fields[name]["minItems"] = 1
    for name in ("codes", "attributes"):
        fields[name]["minProperties"] = 1
    actor, source = schema.pop("$defs")["Actor"], _source(bare(Event.model_json_schema()))
    actor["properties"]["country"] = country
    fields["actors"]["items"] = actor
    fields["sources"]["items"] = _closed(source, "url")
    return _closed(fields, *schema["required"])


def _record(action: Action, version: int, data: dict[str, Any]) -> dict[str, Any]:
    name = type_name(action, version)
    line = {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": ONE_LINE}
    envelope = {
        "specversion": {"const": "1.0"},
        "id": line,
        "source": {**line, "allOf": [{"pattern": f"^{SOURCE}."}]},
        "type": {"const": name},
        "subject": UUID,
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"const": f"{_URN}{name}"},
        "data": data,
        "originsource": {**line, "description": "The source of the CloudEvent that the event came as"},
        "originid": {**line, "description": "The id of the CloudEvent that the event came as"},
    }
    required = [name for name in envelope if not name.startswith("origin")]
    if version > 1:
        envelope["batch"] = {
            "type": "string",
            "pattern": f"^{BATCH}$",
            "description": "The name of the load that the record came with",
        }
    schema = {
        "type": "object",
        "properties": envelope,
        "required": required,
        "dependentRequired": {"originsource": ["originid"], "originid": ["originsource"]},
    }
    return _named(name, f"A CloudEvent of the log: an event was {action}", schema)


def _named(name: str, title: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": f"{_URN}{name}", **schema, "title": title}


def _closed(fields: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}


def _source(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["$defs"]["Source"]["properties"]
    return found


def main() -> None:
    """Write the files, or with --check exit 1 when they are not what would be written."""
    texts = {RESULT / f"{name}.json": json.dumps(schema, indent=1) + "\n" for name, schema in generate().items()}
    if "--check" not in sys.argv:
        RESULT.mkdir(exist_ok=True)
        for path, text in texts.items():
            path.write_text(text)
    elif {path: path.read_text() for path in RESULT.glob("*.json")} != texts:
        sys.exit("schemas/json is not current: run python schemas/generate_json_schemas.py")


if __name__ == "__main__":
    main()
