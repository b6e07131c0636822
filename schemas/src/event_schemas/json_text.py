"""JSON as the log and the digests need it: read strictly, written in one way."""

import json
import re
from collections import Counter
from itertools import accumulate
from json.decoder import JSONDecodeError
from typing import Any, Final, NoReturn

import orjson

from event_schemas.errors import UnreadableError

#: How deeply lists and objects may lie in each other. What we write has 19 levels at most: 16 of attributes below a
#: correction, its data and its envelope. The rest is room for newer versions; more is refused, because how much deeper
#: a reader gets depends on the reader and on where in its work it is, and a verdict must depend on the bytes alone.
MAX_LEVELS: Final = 128
_OPENING: Final = b"[{"
_CLOSING: Final = b"]}"
_NEITHER_BRACKET_NOR_QUOTE: Final = bytes(byte for byte in range(256) if byte not in b'[{]}"')
_STEPS: Final = tuple((byte in _OPENING) - (byte in _CLOSING) for byte in range(256))
_SPACED: Final = b'": '
_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def read_json(raw: bytes) -> Any:
    """The value of a UTF-8 JSON text; raises UnreadableError.

    Stricter than most readers, because what is recorded must mean one thing to everybody (RFC 7493):
    no key twice in an object, no NaN or Infinity, no number beyond an IEEE double, no lone surrogate, and no more than
    `MAX_LEVELS` levels.
    """
    # Most texts have too few brackets to be deep, wherever they stand, which is seen in no time.
    if raw.count(b"[") + raw.count(b"{") > MAX_LEVELS and _levels(raw) > MAX_LEVELS:
        raise UnreadableError(f"nested too deeply: at most {MAX_LEVELS} levels of lists and objects are read")
    # A text that is written back byte for byte hides nothing, and to see that is quicker than to read strictly.
    if _SPACED not in raw[:64]:
        try:
            value = orjson.loads(raw)
            if orjson.dumps(value) == raw:
                return value
        except (ValueError, TypeError):
            pass  # the strict reader says what is wrong, if anything is
    return _read_strictly(raw)


def write_json(value: Any) -> bytes:
    """Canonical bytes: UTF-8, keys in code-point order, no spaces. Raises ValueError on what is not JSON."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise ValueError(str(error)) from error


def _levels(raw: bytes) -> int:
    """How deep a JSON text goes; of what is no JSON, at least as deep as a reader gets before it sees that."""
    unescaped = raw.replace(rb"\\", b"").replace(rb"\"", b"")
    marks = unescaped.translate(None, _NEITHER_BRACKET_NOR_QUOTE).replace(b'""', b"")
    brackets = b"".join(marks.split(b'"')[::2])
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _read_strictly(raw: bytes) -> Any:
    try:
        value = _DECODER.decode(raw.decode())
    except UnicodeDecodeError as error:
        raise UnreadableError(f"byte {error.start} is not UTF-8 ({error.reason}): send UTF-8 without a BOM") from error
    except JSONDecodeError as error:
        raise UnreadableError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except ValueError as error:
        raise UnreadableError(str(error)) from error
    if _SURROGATE_ESCAPE.search(raw) is not None:
        _refuse_lone_surrogates(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        repeated = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise UnreadableError(f"the key {repeated[:80]!r} stands twice in one object: send each key once")
    return value


def _number(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise UnreadableError(f"the number {text[:40]} is beyond what an IEEE double holds")
    return value


def _integer(text: str) -> int:
    if len(text) > 400:
        raise UnreadableError(f"the number {text[:40]}… is beyond what an IEEE double holds")
    return int(text)


def _constant(name: str) -> NoReturn:
    raise UnreadableError(f"{name} is not JSON: leave the field out or send a number")


def _refuse_lone_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise UnreadableError("a lone surrogate (\\ud800–\\udfff without its pair) is not a character") from error


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_int=_integer, parse_constant=_constant
)
