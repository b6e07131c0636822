"""Lines of corrections, and of whole events, as changes."""

import itertools
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.running.ingesting import an_event

from ingest_service.cli.correct import correction_of
from ingest_service.cli.inputs import gathered, lines_of

ID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"


def corrected(value: Any, reason: str | None = None) -> Any:
    line = correction_of(orjson.dumps(value) + b"\n", reason)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return orjson.loads(line)


def test_an_event_as_it_was_exported_corrects_the_revision_that_it_was() -> None:
    event = {"id": ID, **an_event("better"), "revision": 3, "pairs": ["CHN-IND"]}
    assert corrected(event, "a typo") == {
        "action": "correct", "id": ID, "reason": "a typo", "expected_revision": 3, "event": event,
    }  # fmt: skip
    assert corrected(an_event(), None) == {"action": "correct", "event": an_event()}


def test_a_correction_says_its_own_reason_before_that_of_all() -> None:
    correction = {"id": ID, "event": an_event(), "expected_revision": 2}
    assert corrected(correction, "all") == {"action": "correct", "reason": "all", **correction}
    assert corrected({**correction, "reason": "own"}, "all") == {"action": "correct", "reason": "own", **correction}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{\n",
        b"[]\n",
        b"7\n",
        b'{"action": "retract", "id": "x", "reason": "r"}\n',
        b"\xff\n",
    ],
)
def test_what_is_a_change_already_or_no_event_stays_as_it_is(line: bytes) -> None:
    assert correction_of(line, "all") == line


def test_numbers_stay_as_they_were_written() -> None:
    line = b'{"id":"x","attributes":{"a":1.10,"b":123456789012345678901234567890}}\n'
    assert line.strip() in correction_of(line, "all")


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_lines_are_found_however_they_come(text: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(text)]
    chunks = [text[start:end] for start, end in itertools.pairwise(places)]
    lines = list(lines_of(chunks))
    assert b"".join(lines) == text == b"".join(gathered(lines))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines[:-1])
    assert all(lines)


def test_of_a_line_without_end_comes_what_is_enough_to_refuse_it() -> None:
    chunks = itertools.chain((b"x" * 300_000 for _ in range(20)), [b"\n1\n"])
    long, after = lines_of(chunks)
    assert (len(long), after) == (2**20 + 1, b"1\n")
