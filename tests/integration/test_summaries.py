"""Summaries of a pair and across pairs, the pairs there are, and a country's partners, against the naive model."""

import random
from collections.abc import AsyncIterator
from datetime import date
from typing import Any, Final

import httpx
import pytest
from tests.support.inputs.log_writing import recording, retracting
from tests.support.inputs.random_events import COUNTRIES, PAIRS, RandomWriter
from tests.support.models.selection_model import Parameters, select, summarise
from tests.support.models.timeline_model import ToldTimeline
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from event_schemas.dates import parse_when

QUESTIONS: Final[list[Parameters]] = [
    [],
    [("include", "retracted")],
    [("type", "ban"), ("type", "other")],
    [("valence", "neutral")],
    [("domain", "trade"), ("stage", "ended")],
    [("tag", "chips")],
    [("actor", "sao paulo camara")],
    [("initiator", "India"), ("min_sources", "1")],
    [("from", "2020"), ("to", "2020"), ("match", "within")],
    [("from", "2020-07")],
    [("q", "steel -talks")],
    [("q", "crème or ministry"), ("include", "retracted")],
    [("type", "ban"), ("type", "visit"), ("q", "no"), ("from", "9000")],  # next to nothing
]


@pytest.fixture(scope="module")
async def told(engines: Engines) -> AsyncIterator[ToldTimeline]:
    """A few hundred random events, corrected and retracted, and the model of them."""
    async with timeline_stack(engines) as stack:
        told = ToldTimeline(stack)
        writer = RandomWriter(random.Random(5))
        await told.append(*(writer.record() for _ in range(300)))
        yield told


@pytest.fixture(scope="module")
async def then(told: ToldTimeline) -> tuple[str, int]:
    """An instant, as a time and as the model's moment, after which much was changed."""
    found = await told.instant()
    writer = RandomWriter(random.Random(6))
    await told.append(*(writer.record() for _ in range(100)))
    known = [each.event_id for each in told.model.standing() if not each.retracted]
    await told.append(*(retracting(event_id) for event_id in known[::5]))
    return found


def without_note(answer: dict[str, Any]) -> dict[str, Any]:
    """A summary to compare: the note is words, and the mean is compared apart."""
    return {name: value for name, value in answer.items() if name not in {"note", "mean_goldstein", "as_of"}}


async def check_summary(
    told: ToldTimeline, pair: str | None, parameters: Parameters, as_of: tuple[str, int] | None = None
) -> None:
    """Assert that a summary is the model's."""
    path = f"/v1/timelines/{pair}/summary" if pair else "/v1/events/summary"
    asked = httpx.QueryParams([*parameters, *([("as_of", as_of[0])] if as_of else [])])
    answer = await told.stack.client.get(path, params=asked, headers=told.position)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    wanted = summarise(select(told.model, parameters, pair, as_of[1] if as_of else None), pair)
    assert without_note(found) == without_note(wanted), asked
    mean = wanted["mean_goldstein"]
    assert found["mean_goldstein"] == (None if mean is None else pytest.approx(mean, abs=1e-6))
    assert "earliest" in found["note"]


@pytest.mark.parametrize("parameters", QUESTIONS, ids=str)
async def test_a_summary_counts_what_its_filters_select(told: ToldTimeline, parameters: Parameters) -> None:
    for pair in PAIRS:
        await check_summary(told, pair, parameters)


@pytest.mark.parametrize(
    "parameters",
    [*QUESTIONS, [("country", "IND")], [("country", "cn"), ("country", "Pakistan"), ("code", "cameo:163")]],
    ids=str,
)
async def test_a_summary_across_pairs_counts_each_event_once(told: ToldTimeline, parameters: Parameters) -> None:
    await check_summary(told, None, parameters)


@pytest.mark.parametrize("parameters", QUESTIONS, ids=str)
async def test_a_summary_of_the_past(told: ToldTimeline, then: tuple[str, int], parameters: Parameters) -> None:
    await check_summary(told, "CHN-IND", parameters, then)
    await check_summary(told, None, parameters, then)
    await check_summary(told, "CHN-IND", parameters)


async def test_a_summary_follows_what_comes_and_goes(told: ToldTimeline) -> None:
    writer, chosen = RandomWriter(random.Random(7)), random.Random(8)
    for _ in range(6):
        await told.append(*(writer.record() for _ in range(15)))
        standing = [each for each in told.model.standing() if not each.retracted]
        dates = [parse_when(each.event.when) for each in standing]
        firsts, lasts = [when.earliest or date.max for when in dates], [when.latest or date.min for when in dates]
        ends = standing[firsts.index(min(firsts))], standing[lasts.index(max(lasts))]
        gone = {each.event_id for each in (*ends, *chosen.sample(standing, 5))}
        await told.append(*(retracting(event_id) for event_id in sorted(gone)))
        for parameters in QUESTIONS[:5]:
            for pair in PAIRS:
                await check_summary(told, pair, parameters)


async def test_the_pairs_and_partners_of_now_and_of_the_past(told: ToldTimeline, then: tuple[str, int]) -> None:
    for as_of, moment in ((None, None), then):
        more = {"as_of": as_of} if as_of else {}
        for country in (None, *COUNTRIES):
            wanted = told.model.pairs(moment, country)
            asked = {"country": country} if country else {}
            answer = await told.stack.client.get("/v1/timelines", params={**asked, **more}, headers=told.position)
            items = answer.json()["items"]
            names = ("count", "first", "last")
            assert {item["pair"]: {name: item[name] for name in names} for item in items} == wanted
            assert [item["pair"] for item in items] == sorted(wanted)
            ranked = await told.stack.client.get("/v1/timelines", params={"order": "count", **asked, **more})
            by_count = sorted(wanted, key=lambda pair: (-wanted[pair]["count"], pair))
            assert [item["pair"] for item in ranked.json()["items"]] == by_count
            if country:
                partners = await told.stack.client.get(f"/v1/countries/{country}/partners", params=more)
                assert [(item["pair"], item["count"]) for item in partners.json()["items"]] == [
                    (pair, wanted[pair]["count"]) for pair in by_count
                ]
                assert {item["code"] for item in partners.json()["items"]} == set(COUNTRIES) - {country}


@pytest.fixture(scope="module")
async def plain(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A stack for examples that one can read."""
    async with timeline_stack(engines) as stack:
        yield stack


async def test_a_summary_reads_like_this(plain: TimelineStack) -> None:
    gone = recording("gone", "2018", type="visit", goldstein=10)
    position = await plain.append(
        recording("a", "2019-05", type="ban", domain="trade", goldstein=-4),
        recording("b", "2019-12-31/2021", type="visit", domain="trade", goldstein=2.8),
        recording("c", "2020", type="ban", valence="neutral", goldstein=-3),
        recording("d", "202X", type="other", domain="aid"),
        recording("e", "../2019", type="agreement"),
        gone,
        retracting(gone.event_id),
    )
    body = await plain.get("/v1/timelines/IN-CN/summary", position)
    note = body.pop("note")
    assert "earliest" in note  # where an imprecise date counts
    assert body == {
        "pair": "CHN-IND",
        "years": [
            {"year": None, "cooperative": 1, "neutral": 0, "conflictual": 0, "none": 0},
            {"year": 2019, "cooperative": 1, "neutral": 0, "conflictual": 1, "none": 0},
            {"year": 2020, "cooperative": 0, "neutral": 1, "conflictual": 0, "none": 1},
        ],
        "types": [
            {"type": "ban", "count": 2},
            {"type": "agreement", "count": 1},
            {"type": "other", "count": 1},
            {"type": "visit", "count": 1},
        ],
        "domains": [{"domain": "trade", "count": 2}, {"domain": None, "count": 2}, {"domain": "aid", "count": 1}],
        "mean_goldstein": -1.4,
        "first": "2019-05-01",
        "last": "2029-12-31",
    }
    more = await plain.get("/v1/timelines/IN-CN/summary", include="retracted")
    assert (more["first"], more["mean_goldstein"]) == ("2018-01-01", 1.45)


async def test_the_mean_has_six_decimals(plain: TimelineStack) -> None:
    position = await plain.append(*(recording(str(n), "2020", ["FR", "DE"], goldstein=n) for n in (0, 0, 1)))
    assert (await plain.get("/v1/timelines/FR-DE/summary", position))["mean_goldstein"] == 0.333333


async def test_nothing_has_a_summary_too(plain: TimelineStack) -> None:
    body = await plain.get("/v1/timelines/TUV-NRU/summary")
    assert {name: body[name] for name in body.keys() - {"note"}} == {
        "pair": "NRU-TUV", "years": [], "types": [], "domains": [], "mean_goldstein": None, "first": None, "last": None,
    }  # fmt: skip
    position = await plain.append(recording("open on both", "2020/", ["PE", "CL"]))
    body = await plain.get("/v1/timelines/PE-CL/summary", position)
    assert (body["first"], body["last"]) == ("2020-01-01", None)


@pytest.mark.parametrize("query", ["order=desc", "limit=5", "cursor=x", "count=true", "country=IN", "colour=red"])
async def test_a_summary_takes_no_more_than_filters(plain: TimelineStack, query: str) -> None:
    problem = await plain.refusal(f"/v1/timelines/IN-CN/summary?{query}")
    assert (problem["type"], problem["status"]) == ("/problems/bad-parameter", 400)
    assert "as_of" in problem["errors"][0]["detail"]


async def test_a_summary_is_of_a_pair_that_can_be(plain: TimelineStack) -> None:
    assert (await plain.refusal("/v1/timelines/IN-IN/summary"))["type"] == "/problems/unknown-pair"
