"""The AsyncAPI document, held against what the services write, read and demand of the topic; and what is said of it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from schemas.check_asyncapi import DOCUMENT, problems

from event_schemas.json_text import read_json, write_json
from event_schemas.log_topic import PARTITIONS, TOPIC_SETTINGS, replication, topic_problems
from event_schemas.records import CONTENT_TYPE, TOPIC, decode, encode_value
from event_schemas.versions import CURRENT, type_name

TEXT = DOCUMENT.read_text()
LOG = yaml.safe_load(TEXT)
CHANNEL = LOG["channels"]["events"]
MESSAGES = LOG["components"]["messages"]
EXAMPLES = [
    pytest.param(message["name"], example, id=f"{name}-{example['name']}")
    for name, message in MESSAGES.items()
    for example in message["examples"]
]


def test_the_document_is_valid() -> None:
    assert problems(DOCUMENT) == []


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("action: send", "action: write", "/operations/appendRecords/action"),
        ("partitions: 12", "partitions: twelve", '"partitions" property type must be integer'),
        ("#/servers/local", "#/servers/remote", "'#/servers/remote' does not exist"),
        ("./json/dyadline.event.recorded.v2.json", "./json/nothing.json", "no such file"),
        ("reason: It never happened", "raison: It never happened", "'reason' is a required property"),
        ("type: ban", "type: scowl", "recorded, example directed, payload.data.event.type: 'scowl' is not one of"),
        ("content-type: application", "content_type: application", "headers: 'content-type' is a required property"),
    ],
)
def test_a_wrong_document_is_refused_in_words(tmp_path: Path, right: str, wrong: str, words: str) -> None:
    (tmp_path / "json").symlink_to(DOCUMENT.parent / "json")
    assert right in TEXT
    (tmp_path / "asyncapi.yaml").write_text(TEXT.replace(right, wrong))
    assert words in "\n".join(problems(tmp_path / "asyncapi.yaml"))


def test_the_topic_is_as_the_services_make_and_demand_it() -> None:
    bindings = CHANNEL["bindings"]["kafka"]
    settings = {name: _as_kafka_has_it(value) for name, value in bindings["topicConfiguration"].items()}
    replicas, in_sync = replication(brokers=3)
    assert CHANNEL["address"] == TOPIC
    assert bindings["partitions"] == PARTITIONS
    assert bindings["replicas"] == replicas
    assert settings == {**TOPIC_SETTINGS, "min.insync.replicas": str(in_sync)}
    assert topic_problems(settings, replicas) == []


def test_every_kind_of_record_is_a_message_of_the_channel_and_of_both_operations() -> None:
    written = {action: type_name(action) for action in CURRENT}
    older = {f"{action}_v{n}": type_name(action, n) for action, last in CURRENT.items() for n in range(1, last)}
    kinds = written | older
    assert {name: message["name"] for name, message in MESSAGES.items()} == kinds
    assert [message["payload"]["$ref"] for message in MESSAGES.values()] == [
        f"./json/{kinds[name]}.json" for name in MESSAGES
    ]
    assert list(CHANNEL["messages"]) == list(kinds)
    for name, messages in (("appendRecords", written), ("projectRecords", kinds)):
        found = [item["$ref"].rpartition("/")[2] for item in LOG["operations"][name]["messages"]]
        assert found == list(messages)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_an_example_is_one_of_the_published_and_is_what_we_read_and_write(kind: str, example: dict[str, Any]) -> None:
    payload = example["payload"]
    published = DOCUMENT.parent / f"examples/{kind}/valid/{example['name']}.json"
    assert payload == read_json(published.read_bytes())
    key = payload["subject"]
    assert re.fullmatch(LOG["components"]["schemas"]["key"]["pattern"], key)
    headers = [(name, value.encode()) for name, value in example["headers"].items()]
    assert headers == [("content-type", CONTENT_TYPE)]
    record = decode(key.encode(), write_json(payload), headers)
    written = encode_value(record)
    assert decode(key.encode(), written, headers) == record
    if type_name(record.action) == kind:
        assert read_json(written) == payload
    else:
        assert kind in {type_name(record.action, number) for number in range(1, CURRENT[record.action])}


def _as_kafka_has_it(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
