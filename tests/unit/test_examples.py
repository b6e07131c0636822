"""The published examples, JSON Schemas and known answers, held against what the services read and write."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from event_schemas.errors import LanguageError
from event_schemas.events import content_of, digest_of, id_from_digest, id_from_key, id_from_origin, read_event
from event_schemas.json_text import read_json, write_json
from event_schemas.records import HEADERS, decode, encode_value
from event_schemas.versions import CURRENT, type_name

SCHEMAS = Path(__file__).parents[2] / "schemas"
EXAMPLES = SCHEMAS / "examples"
KINDS = sorted(path.stem for path in (SCHEMAS / "json").glob("*.json"))
VALIDATORS = {kind: Draft202012Validator(read_json((SCHEMAS / f"json/{kind}.json").read_bytes())) for kind in KINDS}
WRITTEN = {type_name(action) for action in CURRENT}
OLDER = set(KINDS) - WRITTEN - {"event.v1"}
ANSWERS = read_json((EXAMPLES / "known-answers.json").read_bytes())


def examples(quality: str) -> list[Any]:
    paths = sorted(EXAMPLES.glob(f"*/{quality}/*.json"))
    return [
        pytest.param(path.parts[-3], read_json(path.read_bytes()), id=f"{path.parts[-3]}-{path.stem}") for path in paths
    ]


def read(kind: str, value: Any) -> bytes:
    """The event's content, or the record's value as we would write it."""
    if kind == "event.v1":
        return write_json(content_of(read_event(value)))
    return encode_value(decode(value["subject"].encode(), write_json(value), HEADERS))


@pytest.mark.parametrize("kind", KINDS)
def test_every_schema_is_one_and_has_examples_of_both_kinds(kind: str) -> None:
    schema = read_json((SCHEMAS / f"json/{kind}.json").read_bytes())
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:dyadline:schema:{kind}"
    assert list((EXAMPLES / kind / "valid").glob("*.json"))
    assert list((EXAMPLES / kind / "invalid").glob("*.json"))


@pytest.mark.parametrize(("kind", "value"), examples("valid"))
def test_a_valid_example_is_read_and_fits_its_schema(kind: str, value: Any) -> None:
    assert [error.message for error in VALIDATORS[kind].iter_errors(value)] == []
    assert read(kind, value)


@pytest.mark.parametrize(("kind", "value"), [item for item in examples("valid") if item.values[0] in WRITTEN])
def test_a_record_is_written_as_the_example_shows(kind: str, value: Any) -> None:
    assert read_json(read(kind, value)) == value


@pytest.mark.parametrize(("kind", "value"), [item for item in examples("valid") if item.values[0] in OLDER])
def test_a_record_of_an_older_version_is_read_as_what_is_written_now(kind: str, value: Any) -> None:
    now = read_json(read(kind, value))
    assert now["type"] in WRITTEN
    assert read(now["type"], now) == read(kind, value)
    about = value.keys() - {"type", "dataschema", "data"}
    assert {name: now[name] for name in about} == {name: value[name] for name in about}


@pytest.mark.parametrize(("kind", "example"), examples("invalid"))
def test_an_invalid_example_is_refused_in_the_words_it_names(kind: str, example: dict[str, Any]) -> None:
    with pytest.raises(LanguageError) as caught:
        read(kind, example["value"])
    assert example["refused_with"] in str(caught.value)
    assert VALIDATORS[kind].is_valid(example["value"]) != example["refused_by_schema"]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer["about"])
def test_a_known_answer_holds(answer: dict[str, Any]) -> None:
    event = read_event(answer["event"])
    content = write_json(content_of(event))
    assert content.decode() == answer["content"]
    assert digest_of(content) == answer["digest"]
    if "idempotency_key" in answer:
        derived = id_from_key(answer["principal"], answer["idempotency_key"])
    elif "source" in answer:
        derived = id_from_origin(answer["source"], answer["source_id"])
    else:
        derived = event.id or id_from_digest(answer["digest"])
    assert derived == answer["id"]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer["about"])
def test_content_is_its_own_content(answer: dict[str, Any]) -> None:
    assert write_json(content_of(read_event(read_json(answer["content"].encode())))) == answer["content"].encode()
