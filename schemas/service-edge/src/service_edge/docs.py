"""`/docs`: an OpenAPI document as a page, with every request's parameters, bodies, answers and examples."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi.responses import Response

from service_edge.html_pages import PageMaker, escaped, prose

JsonObject = Mapping[str, Any]


def docs_page(document: JsonObject, page: PageMaker) -> Response:
    """The page. It is made on the server, holds no script, and asks for nothing from elsewhere."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            (tag,) = operation.get("tags", [])[:1] or ["other"]
            groups.setdefault(tag, []).append((path, _operation(document, path, method, operation)))
    body = "".join(
        f"<h2>{escaped(tag.capitalize())}</h2>{''.join(part for _, part in sorted(parts))}"
        for tag, parts in groups.items()
    )
    title = document["info"]["title"]
    return page(
        title,
        f"<h1>{escaped(title)}</h1>{_paragraphs(document['info'].get('description', ''))}"
        "<p>For programs: <a href='/openapi.json'>OpenAPI</a>. What can go wrong: <a href='/problems'>problems</a>.</p>"
        f"{body}",
    )


def _operation(document: JsonObject, path: str, method: str, operation: JsonObject) -> str:
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escaped(path)}</code>"
        f" {escaped(operation.get('summary', ''))}</summary>{_paragraphs(operation.get('description', ''))}"
        f"{_parameters(operation.get('parameters', []))}"
        f"{_contents(document, 'Body', operation.get('requestBody', {}).get('content', {}))}"
        f"<h3>Answers</h3>{''.join(_answer(document, *item) for item in operation['responses'].items())}</details>"
    )


def _parameters(parameters: Iterable[JsonObject]) -> str:
    rows = "".join(
        f"<tr><td><code>{escaped(item['name'])}</code><td>{item['in']}{', required' if item.get('required') else ''}"
        f"<td>{prose(item.get('description', ''))} {_values(item.get('schema', {}), item)}"
        for item in parameters
    )
    return f"<h3>Parameters</h3><table><tr><th>Name<th>Where<th>What{rows}</table>" if rows else ""


def _values(schema: JsonObject, parameter: JsonObject) -> str:
    inner = schema.get("items", schema)
    choices = inner.get("enum") or ([inner["const"]] if "const" in inner else [])
    examples = parameter.get("examples", {}).values()
    given = [item["value"] for item in examples] or schema.get("examples", [])
    if "items" in schema:  # each of them is written by itself
        given = [item for value in given for item in value]
    said = []
    if choices:
        said.append("one of " + ", ".join(_code(choice) for choice in choices))
    if "minimum" in inner or "maximum" in inner:
        said.append(f"{inner.get('minimum', '…')} to {inner.get('maximum', '…')}")
    if schema.get("default") is not None:
        said.append("without it " + _code(schema["default"]))
    if given:
        said.append("such as " + ", ".join(_code(value) for value in given))
    if "items" in schema:
        said.append("may be repeated")
    return f"<small>({'; '.join(said)})</small>" if said else ""


def _answer(document: JsonObject, status: str, answer: JsonObject) -> str:
    rows = "".join(
        f"<tr><td><code>{escaped(name)}</code><td>{prose(header.get('description', ''))}"
        for name, header in answer.get("headers", {}).items()
    )
    return (
        f"<details><summary><b>{status}</b> {prose(answer['description'])}</summary>"
        f"{f'<table><tr><th>Header<th>What{rows}</table>' if rows else ''}"
        f"{_contents(document, '', answer.get('content', {}))}</details>"
    )


def _contents(document: JsonObject, heading: str, contents: JsonObject) -> str:
    parts = []
    for media_type, content in contents.items():
        named = {name: _found(document, example) for name, example in content.get("examples", {}).items()}
        if "example" in content:
            named[""] = {"value": content["example"]}
        parts.append(f"<p><code>{escaped(media_type)}</code></p>")
        for name, example in named.items():
            title = example.get("summary") or name.replace("_", " ")
            parts.append(f"{f'<p>{escaped(title)}</p>' if title else ''}<pre>{_text(example['value'])}</pre>")
    return (f"<h3>{heading}</h3>" if heading and parts else "") + "".join(parts)


def _found(document: JsonObject, item: JsonObject) -> JsonObject:
    """An item of the document, or what its reference leads to."""
    if "$ref" not in item:
        return item
    for part in item["$ref"].removeprefix("#/").split("/"):
        document = document[part]
    return document


def _text(value: Any) -> str:
    return escaped(value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False))


def _code(value: Any) -> str:
    return f"<code>{escaped(value if isinstance(value, str) else json.dumps(value))}</code>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{prose(part)}</p>" for part in text.split("\n\n") if part.strip())
