"""Countries named in the reader's language, by the real service."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tests.support.inputs.log_writing import recording
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from event_schemas.countries import all_countries


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        yield running


@pytest.mark.parametrize(
    ("asked", "language", "name"),
    [
        (None, "en", "India"), ("en-GB", "en", "India"), ("hi", "hi", "भारत"),
        ("zh-TW, en;q=0.5", "zh-Hant-TW", "印度"), ("fr;q=0.5, de", "de", "Indien"),
        ("*", "en", "India"), ("tlh, xx", "en", "India"),
    ],
)  # fmt: skip
async def test_countries_are_named_as_the_reader_asks(
    stack: TimelineStack, asked: str | None, language: str, name: str
) -> None:
    headers = {"accept-language": asked} if asked else {}
    answer = await stack.client.get("/v1/countries", headers=headers)
    names = {item["code"]: item["name"] for item in answer.json()["items"]}
    assert names["IND"] == name
    assert list(names) == [code for code, _ in all_countries()]
    assert answer.headers["content-language"] == language
    assert "accept-language" in answer.headers["vary"].lower()
    again = await stack.client.get("/v1/countries", headers={**headers, "if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.headers["content-language"]) == (304, language)
    assert "accept-language" in again.headers["vary"].lower()


async def test_a_validator_is_of_one_language(stack: TimelineStack) -> None:
    english = await stack.client.get("/v1/countries")
    headers = {"accept-language": "ar", "if-none-match": english.headers["etag"]}
    answer = await stack.client.get("/v1/countries", headers=headers)
    assert answer.status_code == 200
    assert {"code": "IND", "name": "الهند"} in answer.json()["items"]


async def test_languages_on_several_lines_are_one_list(stack: TimelineStack) -> None:
    lines = [("accept-language", "xx"), ("accept-language", "fr")]
    answer = await stack.client.get("/v1/countries", headers=lines)
    assert answer.headers["content-language"] == "fr"


async def test_partners_are_named_as_the_reader_asks(stack: TimelineStack) -> None:
    position = await stack.append(recording("a talk", "2020", ["IN", "CN"]))
    headers = {"accept-language": "de", "timeline-position": position}
    answer = await stack.client.get("/v1/countries/Indien/partners", headers=headers)
    assert answer.status_code == 404  # what is written means the same in every language
    answer = await stack.client.get("/v1/countries/CN/partners", headers=headers)
    assert answer.json()["items"] == [{"code": "IND", "name": "Indien", "pair": "CHN-IND", "count": 1}]
    assert answer.headers["content-language"] == "de"
    answer = await stack.client.get("/v1/countries/CN/partners")
    assert answer.json()["items"][0]["name"] == "India"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/v1/timelines/MA-ZA", lambda body: body["countries"]),
        ("/v1/timelines/MA-ZA.json?limit=1", lambda body: body["countries"]),
        ("/v1/timelines?country=ZA", lambda body: body["items"][0]["countries"]),
        ("/v1/timelines?country=ZA&order=count", lambda body: body["items"][0]["countries"]),
    ],
)
async def test_a_pair_is_named_as_the_reader_asks(
    stack: TimelineStack, path: str, names: Callable[[dict[str, Any]], list[dict[str, str]]]
) -> None:
    position = await stack.append(recording("a visit", "2020", ["MA", "ZA"]))
    tags = set()
    for asked, morocco in (("en", "Morocco"), ("de-AT", "Marokko"), ("ar", "المغرب")):
        headers = {"accept-language": asked, "timeline-position": position}
        answer = await stack.client.get(path, headers=headers)
        assert {item["code"]: item["name"] for item in names(answer.json())}["MAR"] == morocco
        assert answer.headers["content-language"].startswith(asked[:2])
        assert "accept-language" in answer.headers["vary"].lower()
        again = await stack.client.get(path, headers={**headers, "if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.headers["content-language"]) == (304, answer.headers["content-language"])
        tags.add(answer.headers["etag"])
    assert len(tags) == 3


async def test_an_export_is_the_same_in_every_language(stack: TimelineStack) -> None:
    position = await stack.append(recording("a visit", "2020", ["MA", "ZA"]))
    for form in ("csv", "ndjson", "ics", "atom", "timelinejs.json"):
        path = f"/v1/timelines/MA-ZA.{form}"
        english, arabic = [
            await stack.client.get(path, headers={"accept-language": asked, "timeline-position": position})
            for asked in ("en", "ar")
        ]
        assert english.content == arabic.content
        assert "content-language" not in arabic.headers
