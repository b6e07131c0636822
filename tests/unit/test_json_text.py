import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from event_schemas.errors import UnreadableError
from event_schemas.json_text import MAX_LEVELS, read_json, write_json


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


def nested(levels: int, inner: str = "0", space: str = "") -> bytes:
    """Lists and objects in each other, and a value in the innermost of them; with space they are read strictly."""
    opening = [("[", "]"), ('{"a":' + space, "}")]
    pairs = [opening[level % 2] for level in range(levels)]
    return ("".join(start for start, _ in pairs) + inner + "".join(end for _, end in reversed(pairs))).encode()


@pytest.mark.parametrize("space", ["", " "])
@pytest.mark.parametrize("inner", ["0", '"[[{{"', '"\\\\"', '"\\"[{"', '"\\ud83d\\ude00"', '"]"', "1.5"])
def test_reads_so_many_levels_and_no_more(space: str, inner: str) -> None:
    value = read_json(nested(MAX_LEVELS, inner, space))
    for level in range(MAX_LEVELS):
        value = value["a"] if level % 2 else value[0]
    assert value == json.loads(inner)
    with pytest.raises(UnreadableError, match=f"nested too deeply: at most {MAX_LEVELS} levels"):
        read_json(nested(MAX_LEVELS + 1, inner, space))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([[]] * 1_000),
        json.dumps("[" * 1_000),
        json.dumps({"[{" * 500: '"\\' * 500 + "[" * 500}),
        json.dumps(["\\", "[" * 1_000, '\\"', "{" * 1_000]),
        "[" + ",".join(['{"a":[]}'] * 1_000) + "]",
    ],
)
def test_many_brackets_are_not_many_levels(text: str) -> None:
    assert read_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b" \n", b'"\\""', b"]" * 1_000, b'"'])
@pytest.mark.parametrize("after", [b"", b"]]", b'"x', b"\\"])
def test_what_is_not_json_is_refused_however_deep_it_looks(before: bytes, after: bytes) -> None:
    for levels in (1, 1_000, 100_000):
        with pytest.raises(UnreadableError):
            read_json(before + b"[" * levels + after)


@contextmanager
def recursion_limit(limit: int) -> Iterator[None]:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def verdict(raw: bytes, frames: int) -> object:
    """What reading a text comes to, so many frames down the stack."""
    if frames:
        return verdict(raw, frames - 1)
    try:
        return read_json(raw)
    except UnreadableError as error:
        return str(error)


@given(
    levels=st.one_of(st.integers(1, 2 * MAX_LEVELS), st.integers(200, 2_000)),
    inner=st.one_of(st.text(max_size=20).map(json.dumps), st.sampled_from(['"\\ud800"', "1e400", "", '{"a":1,"a":1}'])),
    space=st.sampled_from(["", " "]),
    frames=st.integers(0, 600),
)
@example(levels=2, inner="[" * 966 + "]" * 966, space=" ", frames=600)
def test_what_is_read_depends_on_the_text_alone(levels: int, inner: str, space: str, frames: int) -> None:
    raw = nested(levels, inner, space)
    with recursion_limit(20_000):
        expected = verdict(raw, 0)
    for limit in (1_000, 5_000):
        with recursion_limit(limit):
            assert verdict(raw, frames) == expected
            assert verdict(raw, 0) == expected
