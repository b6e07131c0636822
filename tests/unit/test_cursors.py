import pytest
from hypothesis import given
from hypothesis import strategies as st

from timeline_service.domain.cursors import Cursor, CursorError, read_cursor, write_cursor

SECRET = b"s" * 32
CURSOR = Cursor({"of": "CHN-IND", "from": None, "order": "asc"}, (3, 0, 17), ("2020-01-01", "x", 5))


@given(
    st.dictionaries(st.text(max_size=8), st.none() | st.text(max_size=8)),
    st.lists(st.integers(0, 2**62)),
    st.lists(st.integers(-(2**53), 2**53) | st.text(max_size=8)),
)
def test_a_cursor_is_read_as_it_was_written(
    query: dict[str, str | None], vector: list[int], key: list[int | str]
) -> None:
    cursor = Cursor(query, tuple(vector), tuple(key))
    assert read_cursor(write_cursor(cursor, SECRET), SECRET) == cursor


def test_a_cursor_is_fit_for_an_address() -> None:
    assert write_cursor(CURSOR, SECRET).replace("-", "").replace("_", "").isalnum()


@given(st.integers(0), st.sampled_from("Ab0-_=!é"))
def test_a_changed_cursor_is_refused(place: int, letter: str) -> None:
    text = write_cursor(CURSOR, SECRET)
    place %= len(text)
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        with pytest.raises(CursorError):
            read_cursor(changed, SECRET)


@given(st.text(max_size=80))
def test_what_is_not_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorError):
        read_cursor(text, SECRET)


def test_a_cursor_of_another_service_is_refused() -> None:
    with pytest.raises(CursorError, match="not a cursor of this service"):
        read_cursor(write_cursor(CURSOR, b"t" * 32), SECRET)
