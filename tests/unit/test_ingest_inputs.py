import io
import json
from typing import Any

import pytest

from ingest_service.cli.inputs import array_items, read_input

ITEMS: list[Any] = [{"a": 'x,]}\\" é', "b": [1, [2], {}]}, {"t": "a\nb"}, 3, "s"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_is_cut_into_its_items_wherever_its_chunks_end(size: int, indent: int | None) -> None:
    raw = json.dumps(ITEMS, indent=indent).encode()
    items = list(array_items(raw[start : start + size] for start in range(0, len(raw), size)))
    assert [json.loads(item) for item in items] == ITEMS
    assert not any(b"\n" in item for item in items)


@pytest.mark.parametrize(
    ("raw", "items"),
    [
        (b"[]", []),
        (b" [ ]\n", []),
        (b'[{"a":1,"a":2}]', [b'{"a":1,"a":2}']),  # the service refuses it, so it must see it
        (b"[1,]", [b"1", b","]),
        (b"[1] 2", [b"1", b"] 2"]),
        (b"[1,[2", [b"1", b"[2", b"["]),
        (b"[1", [b"1", b"["]),
        (b'["a\nb"]', [b'"a\x01b"']),
    ],
)
def test_what_is_wrong_with_an_array_stays_wrong(raw: bytes, items: list[bytes]) -> None:
    assert list(array_items([raw])) == items


@pytest.mark.parametrize(
    ("raw", "part", "lines"),
    [
        (b'{\n "a": 1,\n "a": 2\n}\n', "line", [b'{  "a": 1,  "a": 2 }']),
        (b'{"a":1}\n{"a":\n{"b":2}', "line", [b'{"a":1}', b'{"a":', b'{"b":2}']),
        (b'{"a":\n{"b":2}\n', "line", [b'{"a":', b'{"b":2}']),
        (b"\n [1,\n2]", "item", [b"1", b"2"]),
        (b"", "line", []),
    ],
)
def test_input_becomes_lines(raw: bytes, part: str, lines: list[bytes]) -> None:
    named, chunks = read_input(io.BytesIO(raw))
    assert named == part
    assert [line.replace(b"  ", b" ") for line in b"".join(chunks).split(b"\n") if line] == [
        line.replace(b"  ", b" ") for line in lines
    ]
