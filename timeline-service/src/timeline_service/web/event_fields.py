"""An event as the fields of a form, and back: pure. What no field shows (codes, attributes) a correction keeps."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final, TypeVar

from timeline_service.domain.country_names import ENGLISH_NAMES
from timeline_service.domain.date_reading import read_date
from timeline_service.errors import RefusedError
from timeline_service.web.form_bodies import Form

_COUNTRY_ROWS: Final = 4
_SPARE_ROWS: Final = 2
_TAG_ROWS: Final = 3
#: Fields of an event that the form has.
SHOWN: Final = (
    "title", "when", "countries", "initiators", "type", "valence", "domain", "stage", "summary", "actors", "sources",
    "tags",
)  # fmt: skip
#: Fields of the form: those with one value, and those with one for each row.
TEXTS: Final = ("title", "when", "type", "valence", "domain", "stage", "summary")
LISTS: Final = (
    "country", "acted", "url", "source_title", "publisher", "published", "actor_name", "actor_country", "tag",
)  # fmt: skip
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class CountryRow:
    """A country by name or code, and whether it acted."""

    name: str = ""
    acted: bool = False


@dataclass(frozen=True, slots=True)
class ActorRow:
    """Somebody who took part, and of which country."""

    name: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """Where it is written."""

    url: str = ""
    title: str = ""
    publisher: str = ""
    published: str = ""


@dataclass(frozen=True, slots=True)
class EventFields:
    """What stands in the form, as it was typed; rows for more than what is there."""

    title: str = ""
    when: str = ""
    type: str = ""
    valence: str = ""
    domain: str = ""
    stage: str = ""
    summary: str = ""
    tags: tuple[str, ...] = ("",) * _TAG_ROWS
    countries: tuple[CountryRow, ...] = (CountryRow(),) * _COUNTRY_ROWS
    actors: tuple[ActorRow, ...] = (ActorRow(),) * _SPARE_ROWS
    sources: tuple[SourceRow, ...] = (SourceRow(),) * _SPARE_ROWS

    @classmethod
    def read(cls, form: Form) -> "EventFields":
        """The fields of a form that was sent; its date as EDTF, where that could be read. Raises RefusedError."""
        texts = {name: value for name, value in form if name in TEXTS}
        rows = {str(number): name for number, name in enumerate(_column(form, "country"))}
        acted = set(_column(form, "acted"))
        if acted - rows.keys():
            raise RefusedError("/acted", "expected the number of a row of `country`, from 0 on")
        countries = [CountryRow(name, number in acted) for number, name in rows.items()]
        actors = [ActorRow(*row) for row in _columns(form, "actor_name", "actor_country")]
        sources = [SourceRow(*row) for row in _columns(form, "url", "source_title", "publisher", "published")]
        return cls(
            **{**texts, "when": read_date(texts.get("when", ""))},
            tags=_with_spare(_column(form, "tag"), "", _TAG_ROWS),
            countries=_with_spare(countries, CountryRow(), _COUNTRY_ROWS),
            actors=_with_spare(actors, ActorRow()),
            sources=_with_spare(sources, SourceRow()),
        )

    @classmethod
    def of(cls, event: Mapping[str, Any], country_names: Mapping[str, str] = ENGLISH_NAMES) -> "EventFields":
        """The fields of an event as it is read, in which countries have these names."""
        acted = event["initiators"]
        countries = [CountryRow(country_names[code], code in acted) for code in event["countries"]]
        actors = [ActorRow(actor["name"], country_names.get(actor.get("country", ""), "")) for actor in event["actors"]]
        names = ("url", "title", "publisher", "published")
        sources = [SourceRow(*(source.get(name) or "" for name in names)) for source in event["sources"]]
        return cls(
            **{name: event[name] or "" for name in TEXTS},
            tags=_with_spare(event["tags"], "", _TAG_ROWS),
            countries=_with_spare(countries, CountryRow(), _COUNTRY_ROWS),
            actors=_with_spare(actors, ActorRow()),
            sources=_with_spare(sources, SourceRow()),
        )

    def event(self, before: Mapping[str, Any] | None = None, *, country: Callable[[str], str] = str) -> dict[str, Any]:
        """The event that they say, to be posted; of what it was `before`, all that the form does not show stays.

        `country` makes of what was written for a country what ingest takes.
        """
        countries = [row for row in self.countries if row.name]
        sources = [
            {"url": row.url, "title": row.title, "publisher": row.publisher, "published": read_date(row.published)}
            for row in self.sources
            if row != SourceRow()
        ]
        event: dict[str, Any] = {
            **{name: value for name, value in (before or {}).items() if name not in SHOWN},
            **{name: getattr(self, name) for name in TEXTS},
            "tags": [tag for tag in self.tags if tag],
            "countries": [country(row.name) for row in countries],
            "initiators": [country(row.name) for row in countries if row.acted],
            "actors": [{"name": row.name, "country": country(row.country)} for row in self.actors if row != ActorRow()],
            "sources": sources,
        }
        said = {name: _without_nothing(value) for name, value in event.items()}
        return {name: value for name, value in said.items() if value not in _NOTHING}  # a Goldstein of 0 says something


_NOTHING: Final[tuple[Any, ...]] = ("", [], {}, None)


def field_of(pointer: str) -> str:
    """The field of the form that shows what a JSON pointer names, of an event or of a correction's event."""
    tokens = [token for token in pointer.split("/") if token]
    name = tokens[1] if len(tokens) > 1 and tokens[0] == "event" else (tokens or [""])[0]
    return "countries" if name == "initiators" else name


def _column(form: Form, name: str) -> list[str]:
    return [value for key, value in form if key == name]


def _columns(form: Form, *names: str) -> Iterable[tuple[str, ...]]:
    return zip_longest(*(_column(form, name) for name in names), fillvalue="")


def _with_spare(rows: Sequence[_Row], empty: _Row, least: int = 0) -> tuple[_Row, ...]:
    filled = [row for row in rows if row != empty]
    return (*filled, *(empty,) * max(least - len(filled), _SPARE_ROWS))


def _without_nothing(value: Any) -> Any:
    """A value without empty texts inside, as far as the form makes them."""
    if isinstance(value, list):
        return [found for each in value if (found := _without_nothing(each)) not in _NOTHING]
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if each != ""}
    return value
