"""Full text by examples: which words find what, in which order, and what a snippet shows."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any, Final

import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

SHELF: Final[dict[str, dict[str, Any]]] = {
    "A tariff on Steel": {"summary": "The Ministry raises duties.\nBrussels protests.", "tags": ["rare-earths"]},
    "Talks on steel and TARIFFS": {"summary": "No result; the ministry of commerce and the steel makers met."},
    "Visita à Câmara": {"actors": ["São Paulo Câmara", {"name": "ALIBABA.com", "country": "CN"}]},
    "<script>alert('steel')</script> & \"more\"": {"tags": ["5g", "chips"]},
    "Straße nach Peking": {"summary": "Новая дорога. 中国 भारत. E=mc² costs 1_000 €."},
}
STEEL, TALKS, VISIT, SCRIPT, ROAD = SHELF


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A stack that holds the shelf, all of it searchable."""
    async with timeline_stack(engines) as running:
        position = await running.append(*(recording(title, **fields) for title, fields in SHELF.items()))
        assert titles(await running.get("/v1/events", position, q="-xyz")) == list(SHELF)
        yield running


def titles(body: dict[str, Any]) -> list[str]:
    """The titles of a page."""
    return [item["title"] for item in body["items"]]


FOUND: Final = {
    # All words, in any of title, summary, actors' names and tags, without regard to case and accents.
    "steel": [STEEL, TALKS, SCRIPT],
    "STEEL ministry": [STEEL, TALKS],
    "steel brussels": [STEEL],
    "steel alibaba": [],
    "camara": [VISIT],
    "CÂMARA": [VISIT],
    "Ca\u0302mara sao": [VISIT],
    "strasse": [ROAD],
    "STRAẞE": [ROAD],
    "новая": [ROAD],
    "中国": [ROAD],
    "भारत": [ROAD],
    # Whole words only, as they stand: nothing is stemmed, nothing is a stop word.
    "tariff": [STEEL],
    "tariffs": [TALKS],
    "stee": [],
    "the": [STEEL, TALKS],
    "on": [STEEL, TALKS],
    # Words are runs of letters and digits.
    "alibaba": [VISIT],
    "alibaba.com": [VISIT],
    "com": [VISIT],
    "rare-earths": [STEEL],
    "earths": [STEEL],
    "earths-rare": [],
    "5g": [SCRIPT],
    "alert": [SCRIPT],
    "1000": [],
    "1_000": [ROAD],
    "steel!": [STEEL, TALKS, SCRIPT],
    "(steel) & [tariff]": [STEEL],
    "steel:* ": [STEEL, TALKS, SCRIPT],
    # Phrases
    '"tariff on steel"': [STEEL],
    '"steel tariff"': [],
    '"ministry raises"': [STEEL],
    '"duties brussels"': [STEEL],
    '"tariffs no result"': [],  # the title ends, the summary begins
    '"camara alibaba"': [],  # two actors
    '"steel and" makers': [TALKS],
    '"sao paulo camara"': [VISIT],
    # Exclusion
    "steel -tariff": [TALKS, SCRIPT],
    "steel -tariff -tariffs": [SCRIPT],
    'steel -"steel and"': [STEEL, SCRIPT],
    "-steel": [VISIT, ROAD],
    # Alternatives
    "tariff or tariffs": [STEEL, TALKS],
    "brussels OR camara": [STEEL, VISIT],
    "steel brussels or alert": [STEEL, SCRIPT],
    '"tariff on" or "nach peking" or nothing': [STEEL, ROAD],
    "oregon": [],
}


@pytest.mark.parametrize("query", FOUND)
async def test_words_find(stack: TimelineStack, query: str) -> None:
    for path in ("/v1/events", "/v1/timelines/IN-CN"):
        body = await stack.get(path, q=query, count="true")
        assert titles(body) == FOUND[query], path
        assert body["count"] == len(FOUND[query])
    ranked = await stack.get("/v1/events", q=query, order="relevance")
    assert sorted(titles(ranked)) == sorted(FOUND[query])
    assert ranked["next"] is None


@pytest.mark.parametrize(
    "query", ["", " ", '"', '""', "-", "or", "or or", "&|!()<->:*", "'", "\\", "a\\'b", "%", "steel -", 'x "y', "-or"]
)
async def test_no_query_breaks_the_search(stack: TimelineStack, query: str) -> None:
    for order in ("asc", "desc", "relevance"):
        answer = await stack.client.get("/v1/events", params={"q": query, "order": order})
        assert answer.status_code in {200, 400}, answer.text


async def test_what_fits_better_comes_first(stack: TimelineStack) -> None:
    words = ["quota", "quota wool quota", "wool", "wool quota wool quota", "flax"]
    position = await stack.append(*(recording(title, "2020", ["NZ", "AU"]) for title in words))
    body = await stack.get("/v1/events", position, q="quota or wool", order="relevance", country="NZ", limit=2)
    assert set(titles(body)) == {"quota wool quota", "wool quota wool quota"}
    assert body["next"] is None  # the best ones, without a cursor
    counted = await stack.get("/v1/events", q="quota or wool", order="relevance", country="NZ", limit=1, count="true")
    assert (len(counted["items"]), counted["count"]) == (1, 4)


async def test_relevance_has_no_pages(stack: TimelineStack) -> None:
    cursor = (await stack.get("/v1/events", q="steel", limit=1))["next"]
    answer = await stack.client.get("/v1/events", params={"q": "steel", "order": "relevance", "limit": 1})
    assert "next" not in answer.links
    problem = await stack.refusal(f"/v1/events?q=steel&order=relevance&cursor={cursor}")
    assert problem["status"] == 400
    assert "steel" in (await stack.get("/v1/events", q="steel", cursor=cursor))["items"][0]["snippet"].casefold()


def marked(snippet: str) -> list[str]:
    """The marked texts of a snippet, unescaped; asserts that nothing else in it is markup."""
    without = re.sub(r"</?mark>", "", snippet)
    assert "<" not in without
    assert ">" not in without
    assert re.sub(r"&(amp|lt|gt|quot|apos|#x?[0-9a-fA-F]+);", "", without).count("&") == 0
    found = re.findall(r"<mark>(.*?)</mark>", snippet, re.DOTALL)
    assert len(found) == snippet.count("<mark>") == snippet.count("</mark>")
    return [unescape(text) for text in found]


@pytest.mark.parametrize("order", ["asc", "relevance"])
@pytest.mark.parametrize(
    ("query", "title", "marks"),
    [
        ("brussels", STEEL, {"Brussels"}),
        ("tariff steel", STEEL, {"tariff", "Steel"}),
        ("camara", VISIT, {"Câmara"}),
        ("strasse", ROAD, {"Straße"}),
        ("alibaba", VISIT, {"ALIBABA"}),
        ("alert -camara", SCRIPT, {"alert"}),
        ("chips", SCRIPT, {"chips"}),
        ("peking or nothing", ROAD, {"Peking"}),
    ],
)
async def test_a_snippet_shows_the_words_as_they_were_written(
    stack: TimelineStack, order: str, query: str, title: str, marks: set[str]
) -> None:
    items = (await stack.get("/v1/events", q=query, order=order))["items"]
    snippets = {item["title"]: item["snippet"] for item in items}
    assert set(marked(snippets[title])) == marks


async def test_a_snippet_shows_the_place_in_a_long_text(stack: TimelineStack) -> None:
    summary = "Nothing of note. " * 300 + "Then the Zebra & the <lion> met. " + "Nothing of note. " * 200
    position = await stack.append(recording("a long one", "2020", ["NZ", "AU"], summary=summary))
    (item,) = (await stack.get("/v1/events", position, q="zebra"))["items"]
    assert marked(item["snippet"]) == ["Zebra"]
    assert len(item["snippet"]) < 1000
    (item,) = (await stack.get("/v1/events", position, q='"the lion"'))["items"]
    assert "&lt;" in item["snippet"]
    assert "lion" in " ".join(marked(item["snippet"]))


async def test_every_snippet_is_safe_to_show(stack: TimelineStack) -> None:
    hostile = [
        "<b>safe</b>",
        "</mark><i>safe",
        "safe &lt;script&gt;",
        "safe \ue000\ue001\ufdd0 <mark>",
        "[[safe]] {{0}} \\1",
    ]
    records = [recording(title, "2020", ["IS", "DK"], summary=f"safe {title} & {title}") for title in hostile]
    position = await stack.append(*records)
    items = (await stack.get("/v1/events", position, q="safe", country="IS"))["items"]
    assert len(items) == len(hostile)
    for item in items:
        assert set(marked(item["snippet"])) == {"safe"}


async def test_only_a_search_has_snippets(stack: TimelineStack) -> None:
    assert all(item.get("snippet") is None for item in (await stack.get("/v1/events"))["items"])
    assert (await stack.get("/v1/events", q="-steel"))["items"][0]["snippet"] is not None


async def test_search_follows_corrections_and_retractions(stack: TimelineStack) -> None:
    event = recording("an old word", "2020", ["IE", "GB"])
    position = await stack.append(event)
    assert titles(await stack.get("/v1/timelines/IE-GB", position, q="old")) == ["an old word"]
    position = await stack.append(correcting(event.event_id, "a new word", "2020", ["IE", "GB"]))
    for path in ("/v1/timelines/IE-GB", "/v1/events"):
        assert titles(await stack.get(path, position, q="old word")) == []
        assert titles(await stack.get(path, position, q="new word")) == ["a new word"]
    position = await stack.append(retracting(event.event_id))
    for path in ("/v1/timelines/IE-GB", "/v1/events"):
        assert titles(await stack.get(path, position, q="new word")) == []
        assert titles(await stack.get(path, position, q="new word", include="retracted")) == ["a new word"]
        assert titles(await stack.get(path, position, q="old word", include="retracted")) == []


async def test_a_search_answers_for_the_position_that_it_waited_for(stack: TimelineStack) -> None:
    for number in range(5):
        position = await stack.append(*(recording(f"needle{number}", "2020", ["EE", "FI"]) for _ in range(20)))
        answer = await stack.client.get(
            "/v1/events", params={"q": f"needle{number}", "limit": 100}, headers={"timeline-position": position}
        )
        assert len(answer.json()["items"]) == 20
        again = await stack.client.get("/v1/events", headers={"timeline-position": answer.headers["timeline-position"]})
        assert again.status_code == 200


async def test_a_word_of_any_length_can_be_in_an_event(stack: TimelineStack) -> None:
    long = "x" * 300
    summary = " ".join(f"w{number}" for number in range(1700)) + " last"
    position = await stack.append(recording(long, "2020", ["LV", "LT"], summary=summary, tags=["y" * 64]))
    for query in (long, "w0", "w1699 last", '"w1699 last"', "y" * 64):
        assert titles(await stack.get("/v1/timelines/LV-LT", position, q=query)) == [long]
    # PostgreSQL takes no word longer than 2 KiB: such an event is still recorded, and found by its other words.
    position = await stack.append(recording("beside", "2020", ["LV", "LT"], summary="z" * 10_000))
    assert titles(await stack.get("/v1/timelines/LV-LT", position, q="beside")) == ["beside"]
