"""`If-None-Match`, as a server reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_edge.validators import matches

OPAQUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'))


@pytest.mark.parametrize(
    "header",
    [
        '"abc"', 'W/"abc"', "*", " * ", '"x", "abc"', '"x","abc","y"', '"x" ,\tW/"abc"', '"a,b", "abc"', ', "abc",,',
        '"x,\\", "abc"',
    ],
)  # fmt: skip
def test_a_tag_is_found(header: str) -> None:
    assert matches(header, '"abc"')
    assert matches(header, 'W/"abc"')


@pytest.mark.parametrize(
    "header",
    [
        None, "", ",", "abc", '"ABC"', 'w/"abc"', '"abcd"', '"x, "abc""', '"x,abc"', '"abc', 'abc"', '"abc" "x"',
        '*, "x"', 'W/ "abc"', '"a bc"', "'abc'", '"x;"abc"', '"abc-gzip"',
    ],
)  # fmt: skip
def test_a_tag_is_not_found(header: str | None) -> None:
    assert not matches(header, '"abc"')


@given(st.lists(st.tuples(st.sampled_from(["", "W/"]), OPAQUE)), OPAQUE)
def test_exactly_the_tags_of_a_list_are_found(listed: list[tuple[str, str]], other: str) -> None:
    header = ", ".join(f'{weak}"{opaque}"' for weak, opaque in listed)
    for _, opaque in listed:
        assert matches(header, f'"{opaque}"')
    assert matches(header, f'"{other}"') == (other in {opaque for _, opaque in listed})


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    matches(header, '"abc"')


def test_a_long_field_is_read_in_one_pass() -> None:
    assert not matches("," + " " * 2_000_000 + "x", '"a"')  # what went back over it would not end within the time-out
    assert matches("," + " " * 2_000_000 + '"a"', '"a"')


def test_a_line_end_is_no_end_of_the_list() -> None:
    assert not matches("\n", '"abc"')  # `$` would match before it, and go on doing so for ever
    assert not matches('"abc"\n', '"abc"')
