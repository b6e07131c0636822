"""What `make check` says of a JSON Schema that has changed since its release."""

import json
from pathlib import Path
from typing import Any

import pytest
from schemas.check_compatibility import HERE, compare, incompatibilities

RELEASED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 300, "pattern": "^[a-z]*$"},
        "stage": {"anyOf": [{"enum": ["proposed", "ended"]}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}, "maxItems": 50},
        "goldstein": {"type": "integer", "minimum": -10},
        "kind": {"const": "a"},
        "free": {"type": "object", "patternProperties": {"^x": {}}, "additionalProperties": False},
        "open": {"type": "object"},
    },
    "required": ["title"],
    "additionalProperties": False,
    "$defs": {"Tag": {"type": "string", "maxLength": 64}},
}


def with_change(pointer: str, value: Any) -> dict[str, Any]:
    """The released schema with another value at a pointer, or none there for None."""
    schema: dict[str, Any] = json.loads(json.dumps(RELEASED))
    *path, last = pointer.split("/")
    inner: Any = schema
    for part in path:
        inner = inner[part]
    inner.update({last: value})
    if value is None:
        del inner[last]
    return schema


@pytest.mark.parametrize(
    ("pointer", "value", "said"),
    [
        ("required", ["title", "tags"], "/tags: is required now"),
        ("properties/tags", None, "/tags: is gone"),
        ("properties/title/type", "integer", "/title: the type was string, now it is integer"),
        ("properties/title/minLength", 2, "/title: minLength rose from 1 to 2"),
        ("properties/title/maxLength", 200, "/title: maxLength fell from 300 to 200"),
        ("properties/title/pattern", "^[a-y]*$", "/title: pattern has changed"),
        ("properties/title/format", "uuid", "/title: format is new"),
        ("properties/title/enum", ["a"], "/title: any value was taken, now only"),
        ("properties/stage/anyOf", [{"enum": ["proposed", "ended"]}], "/stage: the type was null"),
        ("properties/stage", {"enum": ["proposed", None]}, '/stage: no longer taken: ["ended"]'),
        ("properties/goldstein/maximum", 10, "/goldstein: maximum fell from no limit to 10"),
        ("properties/kind", {"type": "integer"}, "/kind: the type was string, now it is integer"),
        ("properties/free/patternProperties", None, "/free: patternProperties is gone"),
        ("properties/free/patternProperties", {"^x": {"type": "null"}}, "/free/^x: the type was any, now it is null"),
        ("properties/free/patternProperties", {"^x": {}, "^y": {}}, '/free: patternProperties is new: "^y"'),
        ("properties/open/additionalProperties", False, "/open: other fields are no longer taken"),
        ("properties/open/properties", {"a": {"type": "null"}}, "/open/a: the type was any, now it is null"),
        ("$defs/Tag/maxLength", 63, "/tags/items: maxLength fell from 64 to 63"),
    ],
)
def test_a_schema_that_takes_less_is_incompatible(pointer: str, value: Any, said: str) -> None:
    found = incompatibilities(RELEASED, with_change(pointer, value))
    assert len(found) == 1
    assert found[0].startswith(said)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("title", "An event"),
        ("required", []),
        ("properties/tags/maxItems", 60),
        ("properties/title/pattern", None),
        ("properties/title", {"anyOf": [{"type": "null"}, RELEASED["properties"]["title"]]}),
        ("properties/stage/anyOf", [{"type": "null"}, {"enum": ["ended", "in_force", "proposed"]}]),
        ("properties/stage", {"enum": ["proposed", "ended", None], "type": ["string", "null"]}),
        ("properties/goldstein/type", "number"),
        ("properties/kind", {"enum": ["a", "b"]}),
        ("properties/summary", {"type": "string"}),
        ("properties/free", {"anyOf": [{"type": "null"}, {"type": "object"}]}),
        ("properties/tags/items", {"type": "string", "maxLength": 64}),
        ("additionalProperties", True),
    ],
)
def test_a_schema_that_takes_as_much_or_more_is_compatible(pointer: str, value: Any) -> None:
    assert incompatibilities(RELEASED, with_change(pointer, value)) == []


def test_a_released_schema_that_is_gone_is_incompatible(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "a.json").write_text(json.dumps(RELEASED))
    (old / "b.json").write_text("{}")
    (new / "a.json").write_text(json.dumps(with_change("properties/tags", None)))
    assert compare(old, new) == ["a.json#/tags: is gone", "b.json: is gone: a released schema is kept"]


def test_our_schemas_take_what_they_took() -> None:
    assert list((HERE / "released").glob("*.json"))
    assert compare(HERE / "released", HERE / "json") == []
