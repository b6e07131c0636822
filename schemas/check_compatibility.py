"""Compare `json/`, the JSON Schemas as they are, with `released/`, as they were at the last release.

What a released schema took, the current one must take: the log keeps its records for ever, and clients their code.
A change that this cannot prove to be harmless counts as incompatible.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
Schema = dict[str, Any]

_LOWER: Final = ("minimum", "minLength", "minItems", "minProperties")
_UPPER: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
_ANNOTATIONS: Final = frozenset(["$schema", "$defs", "title", "description", "examples", "readOnly"])
_LOOKED_INTO: Final = frozenset([
    "type", "enum", "const", "required", "properties", "patternProperties", "additionalProperties", "items", "anyOf",
    *_LOWER, *_UPPER,
])  # fmt: skip
_JSON_TYPES: Final = {
    str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", type(None): "null",
}  # fmt: skip


def incompatibilities(released: Schema, current: Schema) -> list[str]:
    """What the current schema refuses that the released one took, each as `pointer: words`."""
    return list(_narrowings(_inlined(released, released), _inlined(current, current), ""))


def compare(released: Path, current: Path) -> list[str]:
    """The incompatibilities of all schemas in two folders, each with its file's name."""
    found = []
    for path in sorted(released.glob("*.json")):
        now = current / path.name
        if not now.exists():
            found.append(f"{path.name}: is gone: a released schema is kept")
            continue
        words = incompatibilities(json.loads(path.read_text()), json.loads(now.read_text()))
        found += [f"{path.name}#{item}" for item in words]
    return found


def _inlined(schema: Any, document: Schema) -> Any:
    """The schema with what its references lead to in their place; ours lead to no circle."""
    if isinstance(schema, list):
        return [_inlined(item, document) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        rest = {word: value for word, value in schema.items() if word != "$ref"}
        return _inlined({**target, **rest}, document)
    return {word: _inlined(value, document) for word, value in schema.items() if word != "$defs"}


def _narrowings(old: Any, new: Any, at: str) -> Iterator[str]:
    """Everything by which `new` takes less than `old`."""
    if new is True or old is False or old == new:
        return
    if new is False:
        yield f"{at}: nothing is taken any more"
        return
    old = {} if old is True else old
    if "anyOf" in old:  # each of them was taken
        rest = _without(old, "anyOf")
        yield from dict.fromkeys(words for item in old["anyOf"] for words in _narrowings({**rest, **item}, new, at))
        return
    if "anyOf" in new:
        why = [list(_narrowings(old, item, at)) for item in new["anyOf"]]
        if all(why):
            yield min(why, key=len)[0]
    yield from _values(old, new, at)
    yield from _bounds(old, new, at)
    yield from _fields(old, new, at)
    if "items" in new:
        yield from _narrowings(old.get("items", True), new["items"], f"{at}/items")
    for word in sorted(new.keys() - _LOOKED_INTO - _ANNOTATIONS):
        if old.get(word) != new[word]:
            yield f"{at}: {word} {'has changed' if word in old else 'is new'}: {json.dumps(new[word])[:80]}"


def _values(old: Schema, new: Schema, at: str) -> Iterator[str]:
    before, after = _types(old), _types(new)
    widened = after | ({"integer"} if "number" in after else set())
    if after and not (before and before <= widened):
        yield f"{at}: the type was {' or '.join(sorted(before)) or 'any'}, now it is {' or '.join(sorted(after))}"
    elif (allowed := _taken(new)) is not None:
        given = _taken(old)
        if given is None:
            yield f"{at}: any value was taken, now only {json.dumps(allowed)[:80]}"
        elif gone := [value for value in given if value not in allowed]:
            yield f"{at}: no longer taken: {json.dumps(gone)[:80]}"


def _bounds(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for word in _LOWER:
        if word in new and (word not in old or new[word] > old[word]):
            yield f"{at}: {word} rose from {old.get(word, 'nothing')} to {new[word]}"
    for word in _UPPER:
        if word in new and (word not in old or new[word] < old[word]):
            yield f"{at}: {word} fell from {old.get(word, 'no limit')} to {new[word]}"


def _fields(old: Schema, new: Schema, at: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    rest_before, rest_after = old.get("additionalProperties", True), new.get("additionalProperties", True)
    for name in [name for name in new.get("required", []) if name not in old.get("required", [])]:
        yield f"{at}/{name}: is required now"
    for name, schema in before.items():
        if name in after:
            yield from _narrowings(schema, after[name], f"{at}/{name}")
        elif rest_after is not True:
            yield f"{at}/{name}: is gone"
    for name in [name for name in after if name not in before]:
        yield from _narrowings(rest_before, after[name], f"{at}/{name}")
    named_before, named_after = old.get("patternProperties", {}), new.get("patternProperties", {})
    if named_before.keys() - named_after.keys() and rest_after is not True:
        yield f"{at}: patternProperties is gone"
    for pattern, schema in named_after.items():
        if pattern in named_before:
            yield from _narrowings(named_before[pattern], schema, f"{at}/{pattern}")
        else:
            yield f"{at}: patternProperties is new: {json.dumps(pattern)[:80]}"
    if rest_before is not False and rest_after is False:
        yield f"{at}: other fields are no longer taken (additionalProperties)"
    else:
        yield from _narrowings(rest_before, rest_after, f"{at}/*")


def _types(schema: Schema) -> set[str]:
    named = schema.get("type")
    if named is None:
        return {_JSON_TYPES[type(value)] for value in _taken(schema) or []}
    return set(named) if isinstance(named, list) else {named}


def _without(schema: Schema, word: str) -> Schema:
    return {name: value for name, value in schema.items() if name != word}


def _taken(schema: Schema) -> list[Any] | None:
    """The values that a schema names, or None where it names none."""
    if schema.get("type") == "null":
        return [None]
    return [schema["const"]] if "const" in schema else schema.get("enum")


def main() -> None:
    """Say what is incompatible, and exit 1 if anything is."""
    if found := compare(HERE / "released", HERE / "json"):
        sys.exit(
            "schemas/json no longer takes what schemas/released took:\n"
            + "".join(f"  {item}\n" for item in found)
            + "Take it back, or make a new version of the record (CONTRIBUTING.md, Records)."
        )


if __name__ == "__main__":
    main()
