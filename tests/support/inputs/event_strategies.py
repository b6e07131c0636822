"""Arbitrary events as they are read, for Hypothesis: every form of date, and texts that are awkward to write."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from event_schemas.countries import all_countries
from event_schemas.dates import DateFormatError, parse_when
from event_schemas.events import content_of, read_event
from event_schemas.json_text import write_json
from event_schemas.taxonomy import DOMAINS, STAGES, TYPES, VALENCES
from timeline_service.domain.revisions import Revision
from timeline_service.queries.views.events import EventView, event_view

_AWKWARD = (
    '=cmd|"/c calc"!A1', "+49", "-4.5", "@sum", "a, b; c", '"', "''", "\\", "\\n", "\\;", "]]>", "<script>", "&amp;",
    "😀", "漢字" * 20, "é" * 80, "👩\u200d👧" * 12, "x" * 76, "\ufffe", "END:VEVENT", ":", "{}", "[", " ",
    "https://example.org/?a=1&b=2", "</p>",
)  # fmt: skip
_BREAKS = ("\n", "\r\n", "\r", "\n\n", "\t", "\u2028", "\u2029", "\n=1", "\nEND:VCALENDAR\n", "\r\n ")
_LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])

days = st.dates(date(1, 1, 1), date(9998, 11, 30))


def lines(longest: int = 300) -> st.SearchStrategy[str]:
    """One line of text, 1 to `longest` characters; not always in NFC."""
    return _text(st.one_of(st.sampled_from(_AWKWARD), st.text(_LETTERS, max_size=12)), longest)


def paragraphs() -> st.SearchStrategy[str]:
    """Text with line ends of every kind."""
    return _text(st.one_of(st.sampled_from(_AWKWARD + _BREAKS), st.text(_LETTERS, max_size=12)), 10_000)


def _text(pieces: st.SearchStrategy[str], longest: int) -> st.SearchStrategy[str]:
    texts = st.lists(pieces, min_size=1, max_size=6).map("".join).map(lambda text: text[: longest // 4].strip())
    return texts.filter(bool)


@st.composite
def edtf_dates(draw: st.DrawFn) -> str:
    """A date without a slash."""
    day = draw(days).isoformat()
    number = draw(st.sampled_from([21, 22, 23, 24, 33, 34, 35, 36]))
    text = draw(
        st.sampled_from([
            day, day[:7], day[:4], f"{day[:8]}XX", f"{day[:4]}-XX", f"{day[:4]}-{number}", f"{day[:3]}X",
            f"{day[:2]}XX",
        ])
    )  # fmt: skip
    return text + draw(st.sampled_from(["", "", "?", "~", "%"]))


@st.composite
def edtf(draw: st.DrawFn) -> str:
    """A date or an interval, open, unknown or closed."""
    first, second = draw(edtf_dates()), draw(edtf_dates())
    form = draw(st.sampled_from(["{0}", "{0}", "{0}/{1}", "{0}/..", "../{0}", "{0}/", "/{0}"]))
    return form.format(first, second)


def is_date(text: str) -> bool:
    """Whether a text is a date that the contract takes."""
    try:
        parse_when(text)
    except DateFormatError:
        return False
    return True


whens = edtf().filter(is_date)
_codes = [code for code, _ in all_countries()]
_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False)
)
_urls = st.sampled_from(
    ["https://example.org/a", "http://example.org/?q=a,b;c&d='<e>\"", "HTTPS://example.org/\u00e9#f"]
)
_sources = st.fixed_dictionaries({"url": _urls}, optional={"title": lines(), "publisher": lines(), "published": whens})
_actors = st.fixed_dictionaries({"name": lines()}, optional={"country": st.sampled_from(_codes)})
_optional: dict[str, st.SearchStrategy[Any]] = {
    "summary": paragraphs(),
    "valence": st.sampled_from(VALENCES),
    "domain": st.sampled_from(DOMAINS),
    "stage": st.sampled_from(STAGES),
    "actors": st.lists(_actors, max_size=3),
    "sources": st.lists(_sources, max_size=3),
    "tags": st.lists(lines(64).map(str.lower).filter(lambda tag: tag == tag.lower()), max_size=3),
    "codes": st.dictionaries(st.sampled_from(["cameo", "gdelt", "=1"]), lines(128), max_size=2),
    "goldstein": st.one_of(st.integers(-10, 10), st.floats(-10, 10)),
    "attributes": st.dictionaries(lines(40), st.one_of(_scalars, lines(), st.lists(_scalars, max_size=2)), max_size=3),
}
_times = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@st.composite
def posted_events(draw: st.DrawFn) -> dict[str, Any]:
    """An event that a client may post."""
    countries = draw(st.lists(st.sampled_from(_codes), min_size=2, max_size=4, unique=True))
    posted = {
        "title": draw(lines()),
        "when": draw(whens),
        "countries": countries,
        "type": draw(st.sampled_from(list(TYPES))),
    }
    posted |= draw(st.fixed_dictionaries({}, optional=_optional))
    if draw(st.booleans()):
        posted["initiators"] = countries[:1]
    return posted


@st.composite
def revisions(draw: st.DrawFn) -> Revision:
    """A revision of an event, from whatever a client may have posted."""
    posted, first = draw(posted_events()), draw(_times)
    return Revision(
        event_id=UUID(int=draw(st.integers(1, 2**128 - 1))), revision=draw(st.integers(1, 9)),
        action=draw(st.sampled_from(["recorded", "corrected", "retracted"])), partition=3, from_offset=41,
        content=write_json(content_of(read_event(posted))).decode(), recorded_at=first + timedelta(days=1),
        first_recorded_at=first, first_accepted_at=first,
    )  # fmt: skip


def event_views() -> st.SearchStrategy[EventView]:
    """An event as `queries.views.events.event_view` makes it."""
    return revisions().map(event_view)


def one_event(**posted: Any) -> EventView:
    """An event as read: a plain one, but for what is given. `revision` and `action` are of its row."""
    row = {name: posted.pop(name) for name in ("revision", "action") if name in posted}
    event = {"title": "Ban", "when": "2020-06-29", "countries": ["IND", "CHN"], "type": "ban", **posted}
    at = datetime(2026, 2, 13, 1, 2, 3, 4, tzinfo=UTC)
    return event_view(Revision(
        event_id=UUID("1b4e28ba-2fa1-51d2-883f-0016d3cca427"), revision=1, action="recorded", partition=3,
        from_offset=41, content=write_json(content_of(read_event(event))).decode(),
        recorded_at=at + timedelta(hours=8), first_recorded_at=at, first_accepted_at=at,
    )._replace(**row))  # fmt: skip
