from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timeline_service.formats import FORMATS
from timeline_service.formats.negotiation import NotAcceptableError, negotiate, prefers_page


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("application/*", "json"),
        ("application/json", "json"),
        ("application/json; charset=utf-8", "json"),
        ("text/csv", "csv"),
        ("TEXT/CSV;Charset=UTF-8", "csv"),
        ("text/csv; header=present", "csv"),
        ('text/csv; header="present"', "csv"),
        ("application/x-ndjson", "ndjson"),
        ("text/calendar", "ics"),
        ("application/atom+xml", "atom"),
        ("application/atom+xml;type=feed;charset=utf-8", "atom"),
        ("application/vnd.timelinejs+json", "timelinejs.json"),
        ("text/*", "csv"),
        ("text/csv;q=0, text/*", "ics"),
        ("application/json;q=0, */*", "csv"),
        ("application/json;q=0.4, application/atom+xml;q=0.5", "atom"),
        ("application/json;q=0.5, application/atom+xml;q=0.5", "json"),
        ("text/csv, application/json", "json"),
        ("text/csv, */*", "csv"),
        ("text/csv; header=present, application/json", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json"),
        ("application/atom+xml,application/rss+xml;q=0.9,*/*;q=0.5", "atom"),
        ("text/csv;q=0.001", "csv"),
        ("text/csv;q=0.3;header=present, text/csv;q=0.9, application/json;q=0.5", "json"),
        ("image/png,, , text/csv", "csv"),
        ('text/plain; note="a, text/calendar", text/csv', "csv"),
        ("text/csv; ", "csv"),
        ("nonsense, text/calendar", "ics"),
    ],
)
def test_the_best_liked_format_is_chosen(accept: str | None, name: str) -> None:
    assert negotiate(accept) == name


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/csv;q=0",
        "*/*;q=0",
        "*/*;q=0.000",
        "text/csv; header=absent",
        "text/csv;q=2",
        "text/csv;q=0.1234",
        "text/csv; charset=utf-16",
        "text",
        "*/csv",
        '"',
        'text/plain; a="text/csv, text/csv',
        '"' + '\\"' * 100_000,
    ],
)
def test_nothing_that_there_is_is_refused(accept: str) -> None:
    with pytest.raises(NotAcceptableError) as caught:
        negotiate(accept)
    for name, writer in FORMATS.items():
        assert f"{writer.accept_name} (.{name})" in str(caught.value)
    assert "application/json (.json)" in str(caught.value)


@given(st.text())
def test_any_header_is_answered_or_refused(accept: str) -> None:
    with suppress(NotAcceptableError):
        assert negotiate(accept) in {"json", *FORMATS}


OFFERS = {"json": "application/json", **{name: writer.accept_name for name, writer in FORMATS.items()}}
ranges = st.sampled_from([
    "text/csv", "text/calendar", "application/json", "application/atom+xml", "text/*", "application/*", "*/*", "a/b",
])  # fmt: skip
qualities = st.sampled_from(["0", "0.1", "0.25", "0.5", "0.9", "1"])


def quality(liked: dict[str, str], offer: str) -> float:
    """How much an offer is liked, by the precedence that RFC 9110 gives in 12.5.1."""
    precedence = (offer, offer.split("/", maxsplit=1)[0] + "/*", "*/*")
    return next((float(liked[name]) for name in precedence if name in liked), 0.0)


@given(st.dictionaries(ranges, qualities, min_size=1))
def test_no_format_is_liked_better_than_the_chosen_one(liked: dict[str, str]) -> None:
    header = ", ".join(f"{name};q={quality}" for name, quality in liked.items())
    best = max(quality(liked, offer) for offer in OFFERS.values())
    try:
        assert quality(liked, OFFERS[negotiate(header)]) == best > 0
    except NotAcceptableError:
        assert best == 0


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("text/html", True),
        ("application/json;q=0.9, text/html", True),
        ("*/*", False),
        ("", False),
        ("application/json, text/html", False),
        ("application/json, text/html;q=0.9", False),
        ("text/html;q=0", False),
        ("text/*", False),
        ("text/csv, text/html;q=0.5", False),
        ("text/html;level", False),
    ],
)
def test_a_browser_wants_a_page(accept: str, page: bool) -> None:
    assert prefers_page(accept) is page
