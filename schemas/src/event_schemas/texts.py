"""The kinds of text that an event holds, each normalised to NFC and trimmed."""

import re
import unicodedata
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from event_schemas.countries import country_code
from event_schemas.dates import parse_when

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_LINES: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_URL: Final = re.compile(r"https?://[^\s/?#\\]+[^\s\\]*", re.IGNORECASE)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _normalised(text: str) -> str:
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip()


def _line(text: str) -> str:
    text = _normalised(text)
    if found := _CONTROL.search(text):
        raise ValueError(f"holds the control character U+{ord(found[0]):04X}: send one line of plain text")
    return text


def _paragraphs(text: str) -> str:
    text = _normalised(text)
    if found := _CONTROL_BUT_LINES.search(text):
        raise ValueError(
            f"holds the control character U+{ord(found[0]):04X}: send plain text; line ends and tabs are kept"
        )
    return text


def _sized(minimum: int, maximum: int) -> AfterValidator:
    def check(text: str) -> str:
        if not minimum <= len(text) <= maximum:
            raise ValueError(f"has {len(text)} characters: expected {minimum} to {maximum}")
        return text

    return AfterValidator(check)


def _tag(text: str) -> str:
    text = _line(text)
    if text != text.lower():
        raise ValueError(f"has an upper-case letter: write {text.lower()!r}")
    return text


def _url(text: str) -> str:
    text = _line(text)
    if not _URL.fullmatch(text):
        raise ValueError("is not an http or https address: write it whole, such as https://example.org/report")
    return text


def _uuid(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ValueError("is not a UUID: write 36 characters such as 1b4e28ba-2fa1-11d2-883f-0016d3cca427")
    return text.lower()


def _when(text: str) -> str:
    return parse_when(text).text


def _country(text: str) -> str:
    return country_code(text)


def _none_if_empty(value: Any) -> Any:
    """Null, "" and empty lists and objects all say that nothing is known."""
    if isinstance(value, str):
        return value if value.strip() else None
    return None if value in ([], {}) else value


Empty = BeforeValidator(_none_if_empty)

Title = Annotated[
    str, AfterValidator(_line), _sized(1, 300), Field(json_schema_extra={"maxLength": 300, "minLength": 1})
]
Name = Annotated[
    str, AfterValidator(_line), _sized(1, 300), Field(json_schema_extra={"maxLength": 300, "minLength": 1})
]
Summary = Annotated[str, AfterValidator(_paragraphs), _sized(1, 10_000), Field(json_schema_extra={"maxLength": 10_000})]
Reason = Annotated[
    str,
    AfterValidator(_paragraphs),
    _sized(1, 10_000),
    Field(json_schema_extra={"maxLength": 10_000, "minLength": 1}),
]
Tag = Annotated[str, AfterValidator(_tag), _sized(1, 64), Field(json_schema_extra={"maxLength": 64, "minLength": 1})]
Url = Annotated[
    str,
    AfterValidator(_url),
    _sized(1, 2048),
    Field(json_schema_extra={"maxLength": 2048, "pattern": "^https?://"}),
]
Scheme = Annotated[
    str, AfterValidator(_line), _sized(1, 64), Field(json_schema_extra={"maxLength": 64, "minLength": 1})
]
Code = Annotated[
    str, AfterValidator(_line), _sized(1, 128), Field(json_schema_extra={"maxLength": 128, "minLength": 1})
]
Uuid = Annotated[str, AfterValidator(_uuid), Field(json_schema_extra={"format": "uuid"})]
WhenText = Annotated[
    str, AfterValidator(_when), Field(json_schema_extra={"examples": ["2020", "2025-06", "2020-06-29"]})
]
Country = Annotated[
    str, AfterValidator(_country), Field(json_schema_extra={"examples": ["IND", "CN", "Côte d'Ivoire"]})
]

_CANONICAL_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_canonical_uuid(text: str) -> bool:
    """Whether a text is a UUID as the log keys it: 36 lower-case characters."""
    return _CANONICAL_UUID.fullmatch(text) is not None
