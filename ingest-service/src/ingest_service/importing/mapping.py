"""A mapping: what the columns of a table say of events. What it cannot say, it refuses, naming the place."""

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from event_schemas.limits import MAX_COUNTRIES, MAX_SCHEME_LENGTH
from ingest_service.importing.date_formats import check_format

#: Places of a template that are filled: `{Column}`, or names of the row's countries.
PLACE: Final = re.compile(r"\{([^{}]+)\}")
COMPUTED: Final = ("@countries", "@initiators", "@others")


class MappingError(ValueError):
    """A mapping that cannot be used; the message says where and what was expected."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _check_pattern(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    if not groups:
        raise ValueError("has no group: put what counts in parentheses")
    return pattern


Pattern = Annotated[
    str, AfterValidator(_check_pattern), Field(description="A regular expression; its first group is what counts.")
]
#: A date's format: EDTF, or the places of year, month and day.
Form = Annotated[str, AfterValidator(check_format)]


class Lookup(_Part):
    """A column's text, cut out of it, and translated by a table where there is one."""

    column: str
    extract: Pattern | None = None
    codes: Annotated[dict[str, str] | None, Field(description="What each text means.")] = None
    table: (
        Annotated[
            Literal["cameo", "cameo-unpadded", "cameo-code", "cameo-code-unpadded"],
            Field(description="CAMEO's codes as our types, or as codes; `unpadded` where leading zeros are lost."),
        ]
        | None
    ) = None
    otherwise: Annotated[str | None, Field(description="What all other texts mean; without it they are refused.")] = (
        None
    )


#: A constant, a template with `{Column}` places, or a lookup.
Text = str | Lookup


class Number(_Part):
    """A column that holds a number."""

    number: str
    decimal: Annotated[Literal[".", ","], Field(description="What stands before the decimals.")] = "."
    thousands: Annotated[Literal[".", ",", " ", "'", ""], Field(description="What stands between thousands.")] = ""


class JsonColumn(_Part):
    """A column that holds the field's value as JSON."""

    json_: Annotated[str, Field(alias="json")]


class Date(_Part):
    """A date in one column with a format, or in columns for its year, month and day."""

    column: str | None = None
    format: Annotated[
        Form | list[Form],
        Field(
            description="EDTF, or made of YYYY, MM, M, DD, D, MMMM and MMM (English months). YYYY-MM-DD always reads."
        ),
    ] = "EDTF"
    extract: Pattern | None = None
    year: str | None = None
    month: str | None = None
    day: str | None = None
    unknown: Annotated[list[str], Field(description="What stands where a month or day is not known, such as -9.")] = []

    @model_validator(mode="after")
    def _is_one_kind(self) -> "Date":
        if (self.column is None) == (self.year is None) and getattr(self, "start", None) is None:
            raise ValueError("give either `column` or `year` (with `month`, `day`)")
        return self


class End(Date):
    """The end of an interval: empty where the start says all, open where it goes on."""

    open: Annotated[list[str], Field(description="What stands where it goes on.")] = []


class When(Date):
    """When it happened: a date, or an interval from `start` to `end`; `precision` says how much of it is known."""

    start: Date | None = None
    end: End | None = None
    precision: (
        Annotated[Lookup, Field(description="Comes out as day, month or year, with ~ behind where it is approximate.")]
        | None
    ) = None

    @model_validator(mode="after")
    def _has_a_start(self) -> "When":
        if self.start is not None and (self.column is not None or self.year is not None):
            raise ValueError("give a date, or `start` and `end`, not both")
        if self.end is not None and self.start is None:
            raise ValueError("has an `end` without a `start`")
        return self


class Countries(_Part):
    """Where countries stand, and how they are written."""

    column: Annotated[str | None, Field(description="A column; with * in its name, all columns that match.")] = None
    constant: str | None = None
    as_: Annotated[Literal["iso", "cameo", "cow", "fips", "name"], Field(alias="as")] = "iso"
    split: Annotated[str | None, Field(description="What stands between several in one cell.")] = None
    extract: Pattern | None = None
    initiator: Annotated[bool, Field(description="Whether they acted.")] = False
    also: Annotated[dict[str, str], Field(description="Texts that the scheme does not know, as alpha-3 codes.")] = {}
    unknown: Annotated[
        Literal["refuse", "drop"], Field(description="What becomes of a row whose text is no country.")
    ] = "refuse"

    @model_validator(mode="after")
    def _is_one_kind(self) -> "Countries":
        if (self.column is None) == (self.constant is None):
            raise ValueError("give either `column` or `constant`")
        return self


class Id(_Part):
    """An id from the source's own: the same row gives the same event."""

    of: Annotated[str | None, Field(min_length=1, description="Whose ids they are; ids of two sources never meet.")] = (
        None
    )
    columns: Annotated[list[str], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_its_source(self) -> "Id":
        if self.of is None and len(self.columns) > 1:
            raise ValueError("say whose ids they are with `of`; without it one column holds UUIDs")
        return self


class Skip(_Part):
    """Rows that are no events: dropped, and counted by the reason."""

    column: str
    is_: Annotated[list[str] | None, Field(alias="is", description="Texts; {Column} places are filled.")] = None
    is_not: list[str] | None = None
    because: Annotated[str, Field(min_length=1)]


class Source(_Part):
    """One source, which is left out where its address is empty."""

    url: Text
    title: Text | None = None
    publisher: Text | None = None
    published: Date | None = None


class Actor(_Part):
    """Somebody who took part, left out where the name is empty."""

    name: Text
    country: Countries | None = None


Scheme = Annotated[str, Field(max_length=MAX_SCHEME_LENGTH)]


class Mapping(_Part):
    """How the rows of a table become events."""

    about: Annotated[str, Field(description="What the table is, for people.")] = ""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str | None = None
    sheet: Annotated[str | None, Field(description="A spreadsheet's sheet; the first one otherwise.")] = None
    guarded: Annotated[bool, Field(description="Whether cells like '=1 carry an apostrophe against formulas.")] = False
    empty: Annotated[list[str], Field(description="What stands in cells of which nothing is known.")] = []
    skip: list[Skip] = []

    id: Id | None = None
    title: Text
    when: When
    countries: Annotated[list[Countries], Field(min_length=1, max_length=MAX_COUNTRIES)]
    type: Text
    summary: Text | None = None
    valence: Text | None = None
    domain: Text | None = None
    stage: Text | None = None
    goldstein: Number | None = None
    actors: JsonColumn | list[Actor] = []
    sources: JsonColumn | list[Source] = []
    tags: JsonColumn | list[Text] = []
    codes: Annotated[JsonColumn | dict[Scheme, Text], Field(union_mode="left_to_right")] = {}
    attributes: Annotated[JsonColumn | dict[str, Text | Number], Field(union_mode="left_to_right")] = {}


class _Strings(yaml.SafeLoader):
    """YAML in which all scalars are texts, but true, false and null: NO is Norway, 1 a code, and 2020 a year."""


_Strings.yaml_implicit_resolvers = {}
_Strings.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(?:true|false)$"), ["t", "f"])
_Strings.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("(?:null|~|)$"), ["n", "~", ""])
_Strings.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile("<<$"), ["<"])


def read_yaml(text: str) -> Any:
    """What a YAML text holds, all of it texts but true, false and null; raises yaml.YAMLError."""
    return yaml.load(text, _Strings)


def mapping_schema() -> dict[str, Any]:
    """The JSON Schema of mappings."""
    schema = Mapping.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def read_mapping(path: Path) -> Mapping:
    """The mapping in a YAML file; raises MappingError."""
    try:
        return parse_mapping(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise MappingError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MappingError(f"{path} is not UTF-8") from error


def parse_mapping(text: str, name: str) -> Mapping:
    """The mapping in a YAML text; raises MappingError."""
    try:
        return Mapping.model_validate(read_yaml(text))
    except yaml.YAMLError as error:
        raise MappingError(f"{name} is not YAML: {error}") from error
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, item['loc'])) or 'the mapping'}: {item['msg']}" for item in error.errors()]
        raise MappingError("\n".join([f"{name} is no mapping:", *lines])) from error
