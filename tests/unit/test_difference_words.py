"""How both sides of a difference read."""

from typing import Any

import pytest

from timeline_service.domain.difference_words import sides_of

LONG = "a" * 300


@pytest.mark.parametrize(
    ("live", "log", "sides"),
    [
        ("Talks!", "Talks", ("Talks!", "Talks")),
        (3, None, ("3", "null")),
        (None, {"pair": "CHN-IND"}, ("no such row", '{"pair":"CHN-IND"}')),
        ({"pair": "CHN-IND"}, None, ('{"pair":"CHN-IND"}', "no such row")),
        ("\x1b[2J", "two\nlines", ('"\\u001b[2J"', '"two\\nlines"')),
        (f"{LONG}X{LONG}", f"{LONG}Y", (f"…{'a' * 40}X{'a' * 159}…", f"…{'a' * 40}Y")),
        (f"X{LONG}", "Y", (f"X{'a' * 199}…", "Y")),
    ],
)
def test_both_sides_show_where_they_part(live: Any, log: Any, sides: tuple[str, str]) -> None:
    assert sides_of({"live": live, "log": log}) == sides
