import json

import pytest

from event_schemas.errors import UnreadableError
from event_schemas.json_text import read_json, write_json


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"a":1', "not JSON"),
        (b"", "not JSON"),
        (b'{"a":1,"a":2}', "'a' stands twice"),
        (b'{"b":{"a":1,"a":2}}', "'a' stands twice"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (b'{"a":1e400}', "IEEE double"),
        (b'{"a":"\\ud800"}', "lone surrogate"),
        (b'{"a":"\\udc00\\ud800"}', "lone surrogate"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"9" * 5000, "IEEE double"),
    ],
)
def test_refuses_what_does_not_mean_one_thing_to_everybody(raw: bytes, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        read_json(raw)


def test_finds_the_one_repeated_key_among_many() -> None:
    keys = [f"k{number}" for number in range(25_000)] + ["k24999"]
    raw = "{" + ",".join(f'"{key}":0' for key in keys) + "}"
    with pytest.raises(UnreadableError, match="'k24999' stands twice"):
        read_json(raw.encode())


def test_reads_a_surrogate_pair() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "😀"


def test_writes_keys_in_code_point_order_without_spaces() -> None:
    assert write_json({"b": 1, "a": {"é": 1, "z": [1.0, 2]}, "\U0001f600": 0, "\uffff": 0}).decode() == (
        '{"a":{"z":[1.0,2],"é":1},"b":1,"\uffff":0,"\U0001f600":0}'
    )


@pytest.mark.parametrize(
    "text",
    [
        "18446744073709551616", "-9223372036854775809", "9007199254740993", "1.0", "1e5", "-0", "-0.0", "0.1", "5e-324",
        "1.7976931348623157e308", '"\\u00e9"', '"\\/"', '{"b":1,"a":[1,{}]}', '{"a": 1}', ' {"a":1}', "[[[]]]", "null",
    ],
)  # fmt: skip
def test_the_quick_way_and_the_strict_way_read_the_same(text: str) -> None:
    value, expected = read_json(text.encode()), json.loads(text)
    assert (value, type(value), repr(value)) == (expected, type(expected), repr(expected))
