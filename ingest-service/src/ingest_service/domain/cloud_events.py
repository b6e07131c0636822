"""CloudEvents 1.0 whose data is an event: what they must carry before we look inside."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from event_schemas.errors import Detail, RefusedEventError
from ingest_service.domain.accept import Origin

_REQUIRED: Final = ("specversion", "id", "source", "type")
_LONGEST: Final = 1024


def open_cloud_event(envelope: Any) -> tuple[Any, Origin]:
    """The data of a CloudEvent in JSON, and its origin (`source`, `id`); raises RefusedEventError."""
    if not isinstance(envelope, dict):
        raise RefusedEventError([Detail("", "expected a CloudEvent: a JSON object")])
    origin = _origin(envelope, envelope.get("datacontenttype"))
    if "data_base64" in envelope:
        raise RefusedEventError([Detail("/data_base64", "expected the event as JSON in data")])
    if "data" not in envelope:
        raise RefusedEventError([Detail("/data", "is required: the event")])
    return envelope["data"], origin


def origin_of_headers(headers: Mapping[str, str]) -> Origin:
    """The origin of a CloudEvent in binary mode, whose attributes are `ce-` headers, percent-encoded."""
    attributes: dict[str, str] = {}
    for header, value in headers.items():
        name = header.removeprefix("ce-")
        if name == header:
            continue
        if name in attributes:
            raise RefusedEventError([Detail(f"/{name}", f"the header {header} is given more than once: give it once")])
        try:
            attributes[name] = unquote(value, errors="strict")
        except UnicodeDecodeError as error:
            said = f"the header {header} is not UTF-8: percent-encode what is not ASCII"
            raise RefusedEventError([Detail(f"/{name}", said)]) from error
    return _origin(attributes, headers.get("content-type"))


def _origin(attributes: Mapping[str, Any], content_type: Any) -> Origin:
    details = []
    for name in _REQUIRED:
        value = attributes.get(name)
        if not isinstance(value, str) or not value.strip():
            details.append(Detail(f"/{name}", "is required by CloudEvents 1.0: a text that is not empty"))
        elif len(value) > _LONGEST or not value.isprintable():
            details.append(Detail(f"/{name}", f"expected at most {_LONGEST} printable characters"))
        elif name == "specversion" and value != "1.0":
            details.append(Detail("/specversion", f"is {value!r}: send CloudEvents 1.0"))
    if content_type is not None and not _is_json(content_type):
        details.append(Detail("/datacontenttype", "expected application/json: data is an event"))
    if details:
        raise RefusedEventError(details)
    return attributes["source"], attributes["id"]


def _is_json(content_type: Any) -> bool:
    named = content_type.partition(";")[0].strip().lower() if isinstance(content_type, str) else ""
    return named == "application/json" or named.endswith("+json")
