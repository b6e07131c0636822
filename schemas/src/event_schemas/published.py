"""JSON Schemas of what may be posted, from the models that it is read with: no narrower than what is taken.

What no schema can say (a day that exists, initiators among the countries, sizes in bytes) the services check.
"""

from typing import Any, Final

from event_schemas.events import READ_ONLY, Event
from event_schemas.requests import Correction, Retraction

UUID: Final = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
_DATE: Final = "[0-9]{2}([0-9]{2}|[0-9]X|XX)(-([0-9]{2}|XX)(-([0-9]{2}|XX))?)?[?~%]?"
WHEN: Final = {"type": "string", "pattern": rf"^({_DATE}|{_DATE}/({_DATE}|\.\.)?|(\.\.)?/{_DATE})$"}
#: How an optional field may say that nothing is known, besides being absent: it is dropped.
NOTHING: Final = {
    "anyOf": [
        {"type": "null"},
        {"type": "string", "pattern": r"^\s*$"},
        {"type": "array", "maxItems": 0},
        {"type": "object", "maxProperties": 0},
    ]
}


def posted_event() -> dict[str, Any]:
    """An event as it may be posted."""
    schema = bare(Event.model_json_schema())
    fields, models = schema["properties"], schema["$defs"]
    actors = present(fields["actors"])
    actors["items"] = {"anyOf": [{"$ref": "#/$defs/Actor/properties/name"}, actors["items"]]}
    codes = present(fields["codes"])
    codes["patternProperties"] = {name: _or_nothing(code) for name, code in codes["patternProperties"].items()}
    for name in fields.keys() - set(schema["required"]):
        fields[name] = _or_nothing(fields[name])
    for model, names in (("Actor", ["country"]), ("Source", ["title", "publisher", "published"])):
        properties = models[model]["properties"]
        properties |= {name: _or_nothing(properties[name]) for name in names}
    models["Nothing"] = NOTHING
    fields |= {name: {"readOnly": True} for name in sorted(READ_ONLY)}
    fields["status"] = {"readOnly": True, "not": {"const": "retracted"}}
    return schema


def posted_change(model: type[Correction] | type[Retraction]) -> dict[str, Any]:
    """A correction or retraction as it may be posted; the event of a correction is `#/$defs/Event`."""
    schema = model.model_json_schema()
    schema["$defs"] = {"Nothing": NOTHING}
    for name, field in schema["properties"].items():
        field.pop("title", None)
        if name not in schema["required"]:
            schema["properties"][name] = _or_nothing(field)
    return schema


def bare(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without pydantic's titles and defaults, its dates with their pattern."""
    for model in (schema, *schema.get("$defs", {}).values()):
        model.pop("title")
        for name, field in model["properties"].items():
            field.pop("title", None)
            field.pop("default", None)
            if name in {"when", "published"}:
                field.update(WHEN)
    return schema


def present(field: dict[str, Any]) -> dict[str, Any]:
    """A field's schema where it is not null."""
    found: dict[str, Any] = field["anyOf"][0] if "anyOf" in field else field
    return found


def _or_nothing(field: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [present(field), {"$ref": "#/$defs/Nothing"}]}
