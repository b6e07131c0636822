"""Every filter of the contract by examples: what it selects on a pair's timeline and across pairs, what it refuses."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

#: The events that most tests here look at, all of India and China, some of others too.
SHELF: Final[dict[str, dict[str, Any]]] = {
    "border talks": {"when": "2019", "type": "consultation", "domain": "diplomacy", "tags": ["border"]},
    "steel tariff": {
        "when": "2020-03",
        "type": "tariff",
        "initiators": ["IN"],
        "domain": "trade",
        "stage": "proposed",
        "tags": ["steel", "wto"],
        "actors": ["Ministry of Commerce", {"name": "São Paulo Câmara", "country": "BR"}],
        "sources": [
            {"url": "https://example.org/1", "publisher": "Le Monde"},
            {"url": "https://example.org/2", "publisher": "Le  MONDE"},
        ],
        "codes": {"cameo": "163", "gdelt": "77"},
    },
    "app ban": {
        "when": "2020-06-29",
        "type": "ban",
        "initiators": ["IN"],
        "domain": "technology",
        "stage": "in_force",
        "tags": ["apps"],
        "actors": ["ALIBABA.com", "ByteDance"],
        "sources": [{"url": "https://example.org/1", "publisher": "The Hindu"}],
        "codes": {"gdelt": "163"},
    },
    "answer to the ban": {
        "when": "2020-07-01/2020-08",
        "type": "statement",
        "initiators": ["CN"],
        "domain": "technology",
        "stage": "announced",
        "codes": {"doi": "10.1:2"},
    },
    "joint sanction": {
        "when": "2021-XX",
        "type": "sanction",
        "countries": ["IN", "CN", "US", "PK"],
        "initiators": ["IN", "US"],
        "domain": "security",
        "stage": "ended",
        "valence": "neutral",
        "tags": ["steel"],
        "sources": [{"url": f"https://example.org/{number}"} for number in range(3)],
    },
    "something else": {"when": "2022/..", "type": "other"},
}
ALL: Final = list(SHELF)


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A stack that holds the shelf, all of it projected, and beside it an event of another pair."""
    async with timeline_stack(engines) as running:
        records = [recording(title, **fields) for title, fields in SHELF.items()]
        elsewhere = recording("elsewhere", "2020", ["FR", "DE"], type="tariff", tags=["steel"], domain="trade")
        position = await running.append(*records, elsewhere)
        assert titles(await running.get("/v1/timelines/IN-CN", position)) == ALL
        await running.get("/v1/events", position, q="steel")  # full text has its own checkpoint
        yield running


def titles(body: dict[str, Any]) -> list[str]:
    """The titles of a page."""
    return [item["title"] for item in body["items"]]


BY_FIELD: Final = {
    "type=tariff": ["steel tariff"],
    "type=tariff&type=ban": ["steel tariff", "app ban"],
    "type=visit": [],
    "valence=conflictual": ["steel tariff", "app ban"],
    "valence=neutral": ["answer to the ban", "joint sanction"],  # its own words stand above its type's
    "valence=neutral&valence=cooperative": ["border talks", "answer to the ban", "joint sanction"],
    "domain=technology": ["app ban", "answer to the ban"],
    "domain=trade&domain=security": ["steel tariff", "joint sanction"],
    "stage=in_force": ["app ban"],
    "stage=proposed&stage=ended": ["steel tariff", "joint sanction"],
    "tag=steel": ["steel tariff", "joint sanction"],
    "tag=border&tag=apps": ["border talks", "app ban"],
    "tag=stee": [],
    "actor=Ministry%20of%20Commerce": ["steel tariff"],
    "actor=MINISTRY%20of%20commerce": ["steel tariff"],
    "actor=Ministry": [],  # the whole name
    "actor=Sao%20Paulo%20camara": ["steel tariff"],
    "actor=Sa%CC%83o%20Paulo%20C%C3%82MARA": ["steel tariff"],
    "actor=alibaba.com": ["app ban"],
    "actor=alibaba.com&actor=s%C3%A3o%20paulo%20c%C3%A2mara": ["steel tariff", "app ban"],
    "publisher=le%20monde": ["steel tariff"],
    "publisher=THE%20HINDU&publisher=Le%20Monde": ["steel tariff", "app ban"],
    "publisher=Hindu": [],  # the whole name
    "initiator=IND": ["steel tariff", "app ban", "joint sanction"],
    "initiator=cn": ["answer to the ban"],
    "initiator=United%20States": ["joint sanction"],  # who is not of the pair
    "initiator=China&initiator=US": ["answer to the ban", "joint sanction"],
    "initiator=PK": [],
    "min_sources=0": ALL,
    "min_sources=1": ["steel tariff", "app ban", "joint sanction"],
    "min_sources=2": ["steel tariff", "joint sanction"],
    "min_sources=3": ["joint sanction"],
    "min_sources=3&min_sources=2": ["steel tariff", "joint sanction"],
    "min_sources=50": [],
}
TOGETHER: Final = {
    "tag=steel&valence=neutral": ["joint sanction"],
    "initiator=IN&type=tariff&type=ban&domain=technology": ["app ban"],
    "type=tariff&stage=in_force": [],
    "min_sources=1&from=2020-05&to=2020": ["app ban"],
    "q=ban&initiator=IN": ["app ban"],
    "q=app+ban&q=border": ["border talks", "app ban"],
    "q=ban&initiator=IN&initiator=CN&order=desc": ["answer to the ban", "app ban"],
}
BY_DATE: Final = {
    # Without a range, everything; `match` alone selects nothing away.
    "": ALL,
    "match=within": ALL,
    # An imprecise date overlaps with what it may have been on.
    "from=2020-06&to=2020-06": ["app ban"],
    "from=2020-06&to=2020-07": ["app ban", "answer to the ban"],
    "from=2020-08-31&to=2020-08-31": ["answer to the ban"],
    "from=2020-09&to=2020-12": [],
    "from=2021-05-05&to=2021-05-05": ["joint sanction"],
    "to=2019-06-30": ["border talks"],
    "from=2021-12-31": ["joint sanction", "something else"],
    "from=2990": ["something else"],  # it has no end
    # Within: whatever it was on, it was inside.
    "from=2020-06&to=2020-07&match=within": ["app ban"],
    "from=2020-07-01&to=2020-08-31&match=within": ["answer to the ban"],
    "from=2020-07-02&to=2020-08-31&match=within": [],
    "from=2021&to=2021&match=within": ["joint sanction"],
    "from=2022&match=within": ["something else"],  # nothing bounds its end
    "from=2022&to=9998&match=within": [],
    # The bounds are the first day of `from` and the last day of `to`, however they are written.
    "from=202X&to=2020-33": ["steel tariff"],
    "from=2020-22&to=2020-22": ["app ban", "answer to the ban"],
    "from=2019/2022&to=2019-XX": ["border talks"],
    "from=../2020&to=2020-03": ["border talks", "steel tariff"],
    "from=2021-01-01~&to=2021/..": ["joint sanction", "something else"],
}


@pytest.mark.parametrize("query", [*BY_FIELD, *TOGETHER, *BY_DATE])
async def test_a_filter_selects(stack: TimelineStack, query: str) -> None:
    wanted = (BY_FIELD | TOGETHER | BY_DATE)[query]
    body = await stack.get(f"/v1/timelines/CHN-IND?{query}&count=true")
    assert titles(body) == wanted
    assert body["count"] == len(wanted)


@pytest.mark.parametrize("query", [*BY_FIELD, *TOGETHER, *BY_DATE])
async def test_a_filter_selects_across_pairs(stack: TimelineStack, query: str) -> None:
    body = await stack.get(f"/v1/events?country=CN&{query}&count=true")
    wanted = (BY_FIELD | TOGETHER | BY_DATE)[query]
    assert titles(body) == wanted
    assert body["count"] == len(wanted)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["border talks", "elsewhere", *ALL[1:]]),
        ("order=desc", [*ALL[:0:-1], "elsewhere", "border talks"]),
        ("country=FRA", ["elsewhere"]),
        ("country=germany&country=PK", ["elsewhere", "joint sanction"]),
        ("country=Germany&tag=steel&type=sanction&type=tariff", ["elsewhere"]),
        ("country=Japan", []),
        ("tag=steel", ["elsewhere", "steel tariff", "joint sanction"]),
        ("code=gdelt:163", ["app ban"]),
        ("code=cameo:163", ["steel tariff"]),
        ("code=cameo:163&code=gdelt:163", ["steel tariff", "app ban"]),
        ("code=doi:10.1:2", ["answer to the ban"]),
        ("code=gdelt:7", []),
        ("code=isbn:163", []),
    ],
)
async def test_events_are_found_across_pairs(stack: TimelineStack, query: str, wanted: list[str]) -> None:
    body = await stack.get(f"/v1/events?{query}&count=true")
    assert titles(body) == wanted
    assert body["count"] == len(wanted)
    assert body["next"] is None


async def test_an_event_of_many_pairs_is_found_once_across_pairs(stack: TimelineStack) -> None:
    assert titles(await stack.get("/v1/events?type=sanction&country=IN&country=US&country=PK")) == ["joint sanction"]


async def test_filters_hold_for_what_a_correction_says_and_as_of_for_what_was_said_before(stack: TimelineStack) -> None:
    event = recording("first words", "2020", ["CU", "MX"], type="ban", domain="trade", tags=["rum"], actors=["Bacardí"])
    position = await stack.append(event)
    before = await stack.get("/v1/timelines/CU-MX", position, tag="rum", domain="trade", type="ban", actor="bacardi")
    assert titles(before) == ["first words"]
    recorded_at = before["items"][0]["recorded_at"]
    changed = correcting(event.event_id, "other words", "2021", ["CU", "MX"], type="visit", tags=["cigars"])
    position = await stack.append(changed)
    for query in ("tag=rum", "domain=trade", "type=ban", "actor=bacardi", "q=first", "to=2020"):
        assert titles(await stack.get(f"/v1/timelines/CU-MX?{query}", position)) == []
        assert titles(await stack.get(f"/v1/events?country=CU&{query}", position)) == []
    for query in ("tag=cigars", "type=visit", "q=other", "from=2021", "valence=cooperative"):
        assert titles(await stack.get(f"/v1/timelines/CU-MX?{query}", position)) == ["other words"]
    then = await stack.get(f"/v1/timelines/CU-MX?tag=rum&q=first&as_of={recorded_at}")
    assert (titles(then), then["as_of"]) == (["first words"], recorded_at)
    assert titles(await stack.get(f"/v1/events?country=MX&type=ban&q=first&as_of={recorded_at}")) == ["first words"]
    assert titles(await stack.get(f"/v1/events?country=MX&q=other&as_of={recorded_at}")) == []


async def test_retracted_events_are_selected_when_asked_for(stack: TimelineStack) -> None:
    event = recording("taken back", "2020", ["NO", "SE"], type="visit", tags=["royal"])
    position = await stack.append(event, retracting(event.event_id))
    for path in ("/v1/timelines/NO-SE", "/v1/events"):
        assert titles(await stack.get(f"{path}?tag=royal", position)) == []
        body = await stack.get(f"{path}?tag=royal&q=taken&include=retracted&count=true", position)
        assert [(item["title"], item["status"]) for item in body["items"]] == [("taken back", "retracted")]
        assert body["count"] == 1


REFUSED: Final = {
    "type=bam": "ban",
    "type=": "",
    "type=ban&type=tarif": "tariff",
    "valence=hostile": "conflictual",
    "domain=sport": "technology",
    "stage=over": "in_force",
    "initiator=Atlantis": "/v1/countries",
    "initiator=Korea": "KOR",
    "min_sources=-1": "",
    "min_sources=many": "",
    "include=all": "retracted",
    "match=near": "within",
    "from=2020-13": "",
    "from=2020&from=2021": "once",
    "match=within&match=overlaps": "once",
    "to=2019&from=2020": "",
    "as_of=2999-01-01T00:00:00Z": "",
    "colour=red": "actor",
}


@pytest.mark.parametrize("path", ["/v1/timelines/IN-CN", "/v1/timelines/IN-CN/summary", "/v1/events"])
@pytest.mark.parametrize("query", REFUSED)
async def test_a_value_that_cannot_be_is_refused_with_what_is_allowed(
    stack: TimelineStack, path: str, query: str
) -> None:
    problem = await stack.refusal(f"{path}?{query}")
    assert (problem["type"], problem["status"]) == ("/problems/bad-parameter", 400)
    assert [item["pointer"].split("/")[1] for item in problem["errors"]] == [query.partition("=")[0]]
    assert REFUSED[query] in str(problem["errors"])


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("country=Atlantis", "country"),
        ("code=163", "code"),
        ("code=", "code"),
        ("order=up", "order"),
        ("order=relevance", "order"),  # of what, without a q?
        ("limit=1001", "limit"),
        ("pair=IN-CN", "pair"),
    ],
)
async def test_a_search_that_cannot_be_is_refused(stack: TimelineStack, query: str, named: str) -> None:
    problem = await stack.refusal(f"/v1/events?{query}")
    assert problem["status"] == 400
    assert named in problem["errors"][0]["pointer"]


@pytest.mark.parametrize("query", ["country=FR", "code=gdelt:163", "order=relevance&q=ban"])
async def test_what_only_a_search_takes_is_refused_by_a_timeline(stack: TimelineStack, query: str) -> None:
    assert (await stack.refusal(f"/v1/timelines/IN-CN?{query}"))["status"] == 400


@pytest.mark.parametrize("name", ["tag", "actor", "publisher", "q", "type", "initiator", "code", "country"])
@pytest.mark.parametrize("value", ["%00", "%F0%9F%98%80", "x" * 5000, "%25_%27%22%5C", "%E2%80%AE", "%FF"])
async def test_no_value_breaks_the_service(stack: TimelineStack, name: str, value: str) -> None:
    answer = await stack.client.get(f"/v1/events?{name}={value}")
    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 200 and name != "q":
        assert answer.json()["items"] == []
