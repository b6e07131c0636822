from typing import Any

import pytest

from event_schemas.errors import RefusedEventError
from ingest_service.domain.cloud_events import open_cloud_event, origin_of_headers

ENVELOPE = {"specversion": "1.0", "id": "7", "source": "https://example.org", "type": "org.example.event", "data": {}}
HEADERS = {"ce-specversion": "1.0", "ce-id": "7", "ce-source": "/a%20b/%E2%82%AC", "ce-type": "t"}


def test_a_cloud_event_gives_its_data_and_origin() -> None:
    assert open_cloud_event({**ENVELOPE, "time": "2020", "myextension": 1}) == ({}, ("https://example.org", "7"))
    assert open_cloud_event({**ENVELOPE, "datacontenttype": "application/vnd.event+json; charset=utf-8"})[0] == {}


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"specversion": "0.3"}, "/specversion"),
        ({"specversion": None}, "/specversion"),
        ({"id": ""}, "/id"),
        ({"id": 7}, "/id"),
        ({"source": " "}, "/source"),
        ({"type": None}, "/type"),
        ({"source": "a\0b"}, "/source"),
        ({"datacontenttype": "text/xml"}, "/datacontenttype"),
        ({"datacontenttype": 7}, "/datacontenttype"),
        ({"data_base64": "e30="}, "/data_base64"),
        ({"data": None, "id": "8"}, None),
    ],
)
def test_required_attributes_are_checked(changed: dict[str, Any], pointer: str | None) -> None:
    if pointer is None:
        assert open_cloud_event({**ENVELOPE, **changed})[0] is None
        return
    with pytest.raises(RefusedEventError) as caught:
        open_cloud_event({**ENVELOPE, **changed})
    assert [item.pointer for item in caught.value.details] == [pointer]


def test_an_envelope_without_data_or_that_is_no_object_is_refused() -> None:
    with pytest.raises(RefusedEventError, match="/data"):
        open_cloud_event({name: value for name, value in ENVELOPE.items() if name != "data"})
    with pytest.raises(RefusedEventError, match="JSON object"):
        open_cloud_event([])


def test_headers_are_percent_decoded() -> None:
    assert origin_of_headers(HEADERS) == ("/a b/€", "7")
    for header, said in (("%FF", "UTF-8"), ("", "is required")):
        with pytest.raises(RefusedEventError, match=said):
            origin_of_headers({**HEADERS, "ce-source": header})
