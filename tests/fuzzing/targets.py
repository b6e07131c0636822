"""The readers that are fuzzed: for each the seeds, and what must hold of any input at all."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from event_schemas.countries import CountryError, country_code, parse_pair
from event_schemas.dates import PRECISIONS, DateFormatError, parse_when
from event_schemas.errors import LanguageError, RefusedEventError
from event_schemas.events import digest_of, read_content, read_event, read_posted, said_by
from event_schemas.json_text import read_json
from event_schemas.positions import PositionError, format_positions, parse_positions
from event_schemas.records import HEADERS, decode, encode_value
from service_edge.encodings import accepts_gzip
from service_edge.validators import matches
from timeline_service.domain.cursors import Cursor, CursorError, read_cursor, write_cursor
from timeline_service.domain.exports import ExportHeader, read_header, read_record, write_header, write_record
from timeline_service.domain.feed import live_id, read_live_id
from timeline_service.domain.vectors import vector_of
from timeline_service.errors import ExportError, RefusedError
from timeline_service.formats import FORMATS
from timeline_service.formats.negotiation import NotAcceptableError, negotiate
from timeline_service.judge.days import OPEN_END, OPEN_START, read_day, write_day
from timeline_service.judge.decoding import RawRecord
from timeline_service.judge.entries import stored_bounds
from timeline_service.queries.selections import read_selection

_EXAMPLES: Final = Path(__file__).parents[2] / "schemas" / "examples"
_SECRET: Final = b"s" * 32
_LINE: Final = 7
_MAX_PARTITIONS: Final = 100
_FILTERS: Final = (
    "from", "to", "match", "type", "valence", "domain", "stage", "tag", "actor", "initiator", "country", "code", "q",
)  # fmt: skip
_SINGLE: Final = frozenset({"from", "to", "match"})


@dataclass(frozen=True, slots=True)
class Target:
    """A reader: `check` raises AssertionError, or whatever the reader should not, for an input that it gets wrong."""

    check: Callable[[bytes], None]
    seeds: Sequence[bytes]


def check_date(raw: bytes) -> None:
    """A date has ordered bounds within the years, and a precision; its parts are dates."""
    text = _text(raw)
    try:
        when = parse_when(text)
    except DateFormatError as error:
        _explained(error)
        return
    assert when.text == text
    assert parse_when.__wrapped__(text) == when
    assert when.precision in PRECISIONS
    assert date(1, 1, 1) <= (when.earliest or date.min) <= (when.latest or date(9998, 12, 31)) <= date(9998, 12, 31)
    assert (when.earliest, when.latest) != (None, None)
    earliest, latest = stored_bounds(when)
    assert OPEN_START <= earliest <= latest <= OPEN_END
    assert (read_day(write_day(earliest)), read_day(write_day(latest))) == (earliest, latest)
    for end in text.split("/"):
        if end not in {"", ".."}:
            assert parse_when(end).precision != "interval"


def check_country(raw: bytes) -> None:
    """A country's code means itself, and so do a pair's two; what is ambiguous has candidates."""
    text = _text(raw)
    try:
        code = country_code(text)
    except CountryError as error:
        _explained(error)
    else:
        assert len(code) == 3
        assert country_code(code) == code == country_code(f" {text} ")
    try:
        pair = parse_pair(text)
    except CountryError:
        return
    first, second = pair.split("-")
    assert first < second
    assert parse_pair(f"{second}-{first}") == pair


def check_record(raw: bytes) -> None:
    """A record is read, written, and read as the same; all else is refused as the contract's fold expects."""
    key, value = raw[:36], raw[36:]
    try:
        record = decode(key, value, HEADERS)
    except LanguageError as error:
        _explained(error)
        return
    again = decode(record.event_id.encode(), encode_value(record), HEADERS)
    assert again == record


def check_event(raw: bytes) -> None:
    """The event of a JSON text is read alike in both ways; its normal form is its own, and has one digest."""
    try:
        value = read_json(raw)
    except LanguageError as error:
        _explained(error)
        return
    if not check_alike(value):
        return
    text = read_content(value).text
    again = read_content(read_json(text)).text
    assert again == text
    assert digest_of(again) == digest_of(text)


def check_alike(value: Any) -> bool:
    """An event is read at a glance as it is through the models, or refused by both; returns whether it was read."""
    try:
        event = read_event(value)
    except RefusedEventError as error:
        _pointed(error)
        for read in (read_content, read_posted):
            with pytest.raises(RefusedEventError):
                read(value)
        return False
    content = said_by(event)
    assert read_content(value) == content
    assert read_posted(value) == (content, event.id)
    return True


def check_cursor(raw: bytes) -> None:
    """Only what we wrote is a cursor. Whatever JSON has an object for its query is one once it is sealed."""
    try:
        read_cursor(_text(raw), _SECRET)
    except CursorError as error:
        _explained(error)
    else:
        raise AssertionError("a forgery")
    try:
        held = json.loads(raw)
    except (ValueError, RecursionError):
        return
    if isinstance(held, dict) and len(raw) < 10_000:
        try:
            written = write_cursor(Cursor(held, (3, 0, 17), ("2020-01-01", 5)), _SECRET)
        except TypeError:  # what JSON can write and orjson cannot: integers beyond 64 bits, lone surrogates
            return
        assert write_cursor(read_cursor(written, _SECRET), _SECRET) == written


def check_archive(raw: bytes) -> None:
    """A line that is taken is written byte for byte as it was; one that is not is refused with its number."""
    for read in (_rewritten_header, _rewritten_record):
        try:
            written = read(raw)
        except ExportError as error:
            _numbered(error)
        else:
            assert json.loads(written) == json.loads(raw)
            assert read(written) == written


def check_filters(raw: bytes) -> None:
    """Filters are refused by the name of their parameter; a span that is taken is in order."""
    asked: dict[str, Any] = {}
    for part in _text(raw).split("&"):
        name, _, value = part.partition("=")
        if name in _SINGLE:
            asked[name] = value
        elif name in _FILTERS:
            asked.setdefault(name, []).append(value)
    try:
        selection = read_selection(asked, "CHN-IND")
    except RefusedError as error:
        _named(error, asked)
        return
    assert selection.span.first <= selection.span.last
    assert all(selection.tag)
    assert selection == read_selection(asked, "CHN-IND")


def check_position(raw: bytes) -> None:
    """Positions are one for each partition, and the same once written; so is the id of a live event."""
    text = _text(raw)
    try:
        positions = parse_positions(text)
    except PositionError as error:
        _explained(error)
    else:
        assert parse_positions(format_positions(positions)) == positions
        assert all(number >= 0 for pair in positions.items() for number in pair)
    try:
        seen, generation, told = read_live_id(text)
    except PositionError as error:
        _explained(error)
        return
    partitions = max((*seen, *told), default=-1) + 1
    if partitions <= _MAX_PARTITIONS:
        ends = [vector_of({p: n + 1 for p, n in last.items()}, partitions) for last in (seen, told)]
        again = read_live_id(live_id(ends[0] + ends[1], partitions, generation or 0))
        assert again == (seen, generation if told else None, told)


def check_negotiation(raw: bytes) -> None:
    """An `Accept` gives a format that there is, or says which there are; the other lists never fail."""
    header = raw.decode("latin-1")
    try:
        assert negotiate(header) in {"json", *FORMATS}
    except NotAcceptableError as error:
        _explained(error, "application/json")
    assert accepts_gzip(header) in {True, False}
    assert matches(header, '"abc"') in {True, False}


def _explained(error: Exception, words: str = "") -> None:
    assert str(error)
    assert words in str(error)


def _pointed(error: RefusedEventError) -> None:
    assert error.details
    for item in error.details:
        assert item.detail
        assert item.pointer == "" or item.pointer.startswith("/")


def _numbered(error: ExportError) -> None:
    assert error.line == _LINE
    _explained(error, f"line {_LINE}")


def _named(error: RefusedError, asked: dict[str, Any]) -> None:
    assert error.pointer[1:] in asked
    _explained(error)


def _rewritten_header(raw: bytes) -> bytes:
    return write_header(read_header(raw, _LINE))


def _rewritten_record(raw: bytes) -> bytes:
    record = read_record(raw, _LINE)
    return write_record(record, json.loads(raw)["timestamp_type"])


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _examples(pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(_EXAMPLES.glob(pattern))]


def _texts(*texts: str) -> list[bytes]:
    return [text.encode() for text in texts]


def _records() -> list[bytes]:
    return [
        value.get("subject", "").encode()[:36].ljust(36, b"0") + json.dumps(value).encode()
        for value in (json.loads(raw) for raw in _examples("dyadline.event.*/*/*.json"))
        if isinstance(value, dict) and isinstance(value.get("subject", ""), str)
    ]


_RECORD: Final = RawRecord(1, 17, 1_770_000_000_000, b"key", b'{"a": 1}', (("content-type", b"x"), ("none", None)))

TARGETS: Final[dict[str, Target]] = {
    "dates": Target(
        check_date,
        _texts(
            "2020", "2025-06", "2026-02-13", "2020/2021-06", "2020/..", "../2020", "2020/", "/2020", "2020?",
            "2020-06~", "2020-06-29%", "201X", "20XX", "2020-XX", "2020-06-XX", "2020-21", "2020-24", "2020-33",
            "0001-01-01", "9998-12-31", "2020-02-30", "20200101", "../..", "2020~/2021-24?", "0000", "9998-24",
        ),
    ),
    "countries": Target(
        check_country,
        _texts(
            "IN", "CHN", "India", "Côte d'Ivoire", "South Korea", "Burma", "SUN", "EUE", "IN-CN", "chn-ind", "Korea",
            "The Netherlands", "İstanbul", "ß", "U.S.A.", "Congo", "\u0130n", "ﬀ", "FRA-FRA", "Atlantis",
        ),
    ),
    "records": Target(check_record, _records()),
    "events": Target(check_event, _examples("event.v1/*/*.json")),
    "cursors": Target(
        check_cursor,
        [write_cursor(Cursor({"of": "CHN-IND"}, (3, 0), ("2020-01-01", 5)), b"t" * 32).encode(), b'{"of":"events"}'],
    ),
    "archives": Target(
        check_archive,
        [write_header(ExportHeader("dyadline.events.v1", 12, 3, 0, 9)), write_record(_RECORD, "LogAppendTime")],
    ),
    "filters": Target(
        check_filters,
        _texts(
            "from=2020&to=2021-06&match=within", "type=ban&type=visit", "q=chips \"export control\" -rumour or a",
            "actor=TikTok&tag=apps&country=India", "code=gdelt:1&initiator=IN&stage=in_force&domain=trade&valence=x",
            "to=2019&from=2020", "q=-a", "q=\"", "from=../2020&to=2020/..",
        ),
    ),
    "positions": Target(
        check_position, _texts("3:17", "0:0,1:7", "0:5,1:7;2/0:3", ";1/0:1", "00:1", "1:1,1:2", "3:1 , 4:2", "-1:2")
    ),
    "negotiation": Target(
        check_negotiation,
        _texts(
            "text/csv;q=0, */*", "application/json, text/html;q=0.9", 'text/csv; header="present"', "gzip;q=0.5, *;q=0",
            '"abc", W/"def"', "*", "application/atom+xml;type=feed", 'a/b;c="\\"', "text/*;q=1.000",
        ),
    ),
}  # fmt: skip
