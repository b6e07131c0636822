"""The kinds of text that an event holds, each normalised to NFC and trimmed."""

import re
import unicodedata
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from event_schemas.countries import country_code
from event_schemas.dates import parse_when
from event_schemas.limits import (
    MAX_CODE_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PARAGRAPHS_LENGTH,
    MAX_SCHEME_LENGTH,
    MAX_TAG_LENGTH,
    MAX_URL_LENGTH,
)

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_LINES: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_URL: Final = re.compile(r"[hH][tT][tT][pP][sS]?://[^\s/?#\\]+[^\s\\]*")
_PLAIN_URL: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?:[/?#][^\s\\]*)?")
#: The name of a load: it can stand in an address and in a facet as it is.
BATCH: Final = "[A-Za-z0-9._:-]{1,128}"
BATCH_WORDS: Final = "1 to 128 letters of ASCII, digits and ._:-"
_BATCH: Final = re.compile(BATCH)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def normalised(text: str) -> str:
    """A text in NFC and without blanks around it."""
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip()


def is_one_line(text: str) -> bool:
    """Whether a text holds no control character and no line end."""
    # No control character is printable, and asking that is far quicker than searching for one.
    return text.isprintable() or _CONTROL.search(text) is None


def _sized(text: str, maximum: int) -> str:
    if not 1 <= len(text) <= maximum:
        raise ValueError(f"has {len(text)} characters: expected 1 to {maximum}")
    return text


def _line(text: str, maximum: int) -> str:
    text = normalised(text)
    # No control character is printable, and asking that is far quicker than searching for one.
    if not text.isprintable() and (found := _CONTROL.search(text)):
        raise ValueError(f"holds the control character U+{ord(found[0]):04X}: send one line of plain text")
    return _sized(text, maximum)


def _paragraphs(text: str) -> str:
    text = normalised(text)
    if not text.isprintable() and (found := _CONTROL_BUT_LINES.search(text)):
        raise ValueError(
            f"holds the control character U+{ord(found[0]):04X}: send plain text; line ends and tabs are kept"
        )
    return _sized(text, MAX_PARAGRAPHS_LENGTH)


def _name(text: str) -> str:
    return _line(text, MAX_NAME_LENGTH)


def _tag(text: str) -> str:
    text = _line(text, MAX_TAG_LENGTH)
    if text != text.lower():
        raise ValueError(f"has an upper-case letter: write {text.lower()!r}")
    return text


def _scheme(text: str) -> str:
    return _line(text, MAX_SCHEME_LENGTH)


def _code(text: str) -> str:
    return _line(text, MAX_CODE_LENGTH)


def _url(text: str) -> str:
    text = _line(text, MAX_URL_LENGTH)
    if not is_address(text):
        raise ValueError("is not an http or https address: write it whole, such as https://example.org/report")
    return text


def is_address(text: str) -> bool:
    """Whether a text without control characters is a whole http or https address."""
    # Most addresses have a plain host, and to see that is quicker than to take them apart.
    return _PLAIN_URL.fullmatch(text) is not None or (_URL.fullmatch(text) is not None and _names_host(text))


def _names_host(address: str) -> bool:
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


def _uuid(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ValueError("is not a UUID: write 36 characters such as 1b4e28ba-2fa1-11d2-883f-0016d3cca427")
    return text.lower()


def is_batch(text: str) -> bool:
    """Whether a text can be the name of a load."""
    return _BATCH.fullmatch(text) is not None


def _batch(text: str) -> str:
    if not is_batch(text):
        raise ValueError(f"{text[:80]!r} cannot name a load: write {BATCH_WORDS}")
    return text


def _when(text: str) -> str:
    return parse_when(text).text


def is_empty(value: Any) -> bool:
    """Whether a value says that nothing is known: null, "", blanks, and empty lists and objects."""
    if value:
        return isinstance(value, str) and value.isspace()
    return not isinstance(value, int | float)


def _limits(maximum: int, pattern: str | None = None) -> Any:
    """What JSON Schema can say of a text."""
    return Field(json_schema_extra={"minLength": 1, "maxLength": maximum, **({"pattern": pattern} if pattern else {})})


ONE_LINE: Final = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"

Empty = BeforeValidator(lambda value: None if is_empty(value) else value)

Title = Annotated[str, AfterValidator(_name), _limits(MAX_NAME_LENGTH, ONE_LINE)]
Name = Annotated[str, AfterValidator(_name), _limits(MAX_NAME_LENGTH, ONE_LINE)]
Summary = Annotated[str, AfterValidator(_paragraphs), _limits(MAX_PARAGRAPHS_LENGTH)]
Reason = Annotated[str, AfterValidator(_paragraphs), _limits(MAX_PARAGRAPHS_LENGTH)]
Tag = Annotated[str, AfterValidator(_tag), _limits(MAX_TAG_LENGTH, ONE_LINE)]
Url = Annotated[str, AfterValidator(_url), _limits(MAX_URL_LENGTH, r"^[hH][tT][tT][pP][sS]?://[^\s/?#\\]+[^\s\\]*$")]
Scheme = Annotated[str, AfterValidator(_scheme), _limits(MAX_SCHEME_LENGTH, ONE_LINE)]
Code = Annotated[str, AfterValidator(_code), _limits(MAX_CODE_LENGTH, ONE_LINE)]
Batch = Annotated[str, AfterValidator(_batch), Field(json_schema_extra={"pattern": f"^{BATCH}$"})]
Uuid = Annotated[str, AfterValidator(_uuid), Field(json_schema_extra={"format": "uuid"})]
WhenText = Annotated[
    str, AfterValidator(_when), Field(json_schema_extra={"examples": ["2020", "2025-06", "2020-06-29"]})
]
Country = Annotated[
    str, AfterValidator(country_code), Field(json_schema_extra={"examples": ["IND", "CN", "Côte d'Ivoire"]})
]

_CANONICAL_UUID: Final = re.compile("-".join(f"[0-9a-f]{{{count}}}" for count in (8, 4, 4, 4, 12)))


def is_canonical_uuid(text: str) -> bool:
    """Whether a text is a UUID as the log keys it: 36 lower-case characters."""
    return _CANONICAL_UUID.fullmatch(text) is not None
