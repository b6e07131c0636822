"""GDELT's event rows (1.0: 57 or 58 columns, 2.0: 61), each as a report, or the reason why it is none of ours."""

from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from event_schemas.countries import REGIONS, CountryError, pair_name
from event_schemas.limits import MAX_NAME_LENGTH, MAX_URL_LENGTH
from event_schemas.texts import is_address, is_one_line
from ingest_service.importing.cameo import CAMEO
from ingest_service.importing.country_schemes import read_country
from ingest_service.importing.drafts import DroppedRowError, UnreadableRowError

#: For each number of columns: where DATEADDED and SOURCEURL stand; files before April 2013 have no address.
_ENDS: Final[dict[int, tuple[int, int | None]]] = {57: (56, None), 58: (56, 57), 61: (59, 60)}
_ACTOR1, _ACTOR2 = 5, 15

NO_COUNTRY: Final = "an actor has no country"
ONE_COUNTRY: Final = "both actors are of one country"
REGION: Final = "an actor is a region, not a country"
NOT_CAMEO: Final = "its event code is none of CAMEO's"


class Report(NamedTuple):
    """One row between two countries, its codes as they came. `source` acted upon `target`."""

    id: str
    when: str
    source: str
    target: str
    code: str
    goldstein: float | None
    mentions: int
    address: str
    actors: tuple[tuple[str, str], ...] = ()

    @property
    def pair(self) -> str:
        """The two countries, whoever acted."""
        return pair_name(self.source, self.target)


def read_report(cells: list[str]) -> Report:
    """The report of a row; raises DroppedRowError and UnreadableRowError."""
    if len(cells) not in _ENDS:
        expected = f"has {len(cells)} columns: GDELT's rows have 57, 58 or 61, with tabs between them"
        raise UnreadableRowError("has not the columns of a GDELT row", expected)
    added_at, address_at = _ENDS[len(cells)]
    if not _is_number(cells[0], 18):
        raise UnreadableRowError("GLOBALEVENTID is not a number")
    if not cells[_ACTOR1 + 2] or not cells[_ACTOR2 + 2]:
        raise DroppedRowError(NO_COUNTRY)
    if cells[_ACTOR1 + 2] in REGIONS or cells[_ACTOR2 + 2] in REGIONS:
        raise DroppedRowError(REGION)
    try:
        source = read_country(cells[_ACTOR1 + 2], "cameo")
        target = read_country(cells[_ACTOR2 + 2], "cameo")
    except CountryError as error:
        raise UnreadableRowError("a country code is none of CAMEO's", str(error)) from error
    if source == target:
        raise DroppedRowError(ONE_COUNTRY)
    if cells[26] not in CAMEO:
        raise DroppedRowError(NOT_CAMEO)
    return Report(
        id=str(int(cells[0])),
        when=_when(cells[1], cells[added_at][:8]),
        source=source,
        target=target,
        code=cells[26],
        goldstein=_goldstein(cells[30]),
        mentions=_mentions(cells[31]),
        address=cells[address_at].strip() if address_at is not None else "",
        actors=_actors(cells, source, target),
    )


def has_address(report: Report) -> bool:
    """Whether its address is one that an event can name: GDELT also writes names of papers there."""
    return len(report.address) <= MAX_URL_LENGTH and is_one_line(report.address) and is_address(report.address)


@lru_cache(maxsize=16_384)
def _when(happened: str, added: str) -> str:
    """SQLDATE; a month or year where it is exactly that far back: then a "last month" was made a day of."""
    day = _day(happened, "SQLDATE")
    lag = (_day(added, "DATEADDED") - day).days
    if lag == 365:
        return f"{day.year:04}~"
    return f"{day.year:04}-{day.month:02}~" if lag == 30 else day.isoformat()


def _day(text: str, column: str) -> date:
    try:
        if len(text) != 8 or not _is_number(text, 8):
            raise ValueError
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError as error:
        raise UnreadableRowError(f"{column} is not a day, YYYYMMDD") from error


@lru_cache(maxsize=16_384)
def _goldstein(text: str) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError as error:
        raise UnreadableRowError("GoldsteinScale is not a number") from error
    if value is not None and not -10 <= value <= 10:
        raise UnreadableRowError("GoldsteinScale is not within -10 and 10")
    return value


def _mentions(text: str) -> int:
    if not _is_number(text, 9):
        raise UnreadableRowError("NumMentions is not a number")
    return int(text)


def _is_number(text: str, digits: int) -> bool:
    """Whether a text is made of digits, of so many at most."""
    return text.isascii() and text.isdigit() and len(text) <= digits


def _actors(cells: list[str], source: str, target: str) -> tuple[tuple[str, str], ...]:
    """Who acted, where the code says more than a country: a ministry, a company, a person."""
    named = []
    for at, country in ((_ACTOR1, source), (_ACTOR2, target)):
        if len(cells[at]) > 3 and 0 < len(name := cells[at + 1].strip()) <= MAX_NAME_LENGTH and is_one_line(name):
            named.append((name, country))
    return tuple(named)
