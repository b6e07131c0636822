"""What a graphic draws of a pair: marks against the naive model, bins against a look at every event."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from typing import Any, Final

import httpx
import pytest
from tests.bench.reads.filled_service import FilledService, filled_service
from tests.bench.reads.filled_tables import LARGEST
from tests.support.inputs.log_writing import recording, retracting
from tests.support.inputs.random_events import PAIRS, RandomWriter
from tests.support.models.selection_model import Parameters, bounds_asked, select
from tests.support.models.timeline_model import Standing, ToldTimeline
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from timeline_service.judge.days import OPEN_END, OPEN_START

VALENCES: Final = ("cooperative", "neutral", "conflictual", None)
QUESTIONS: Final[list[Parameters]] = [
    [],
    [("include", "retracted")],
    [("type", "ban"), ("type", "other"), ("valence", "conflictual")],
    [("tag", "chips")],
    [("initiator", "India"), ("min_sources", "1")],
    [("q", "steel -talks")],
    [("from", "2020"), ("to", "2020"), ("match", "within")],
]


@pytest.fixture(scope="module")
async def told(engines: Engines) -> AsyncIterator[ToldTimeline]:
    """A few hundred random events, corrected and retracted, and the model of them."""
    async with timeline_stack(engines) as stack:
        told = ToldTimeline(stack)
        writer = RandomWriter(random.Random(7))
        await told.append(*(writer.record() for _ in range(300)))
        yield told


def side(standing: Standing, pair: str) -> str:
    """Who acted."""
    initiators = standing.event.initiators or []
    return ("first" if pair[:3] in initiators else "second") if initiators else "both"


def expected(standing: Standing, pair: str) -> dict[str, Any]:
    """What a mark says of an event, but for the bounds that only a drawing needs."""
    when = standing.when
    return {
        "id": standing.event_id,
        "title": standing.event.title,
        "when": standing.event.when,
        "earliest": when.earliest and when.earliest.isoformat(),
        "latest": when.latest and when.latest.isoformat(),
        "precision": when.precision,
        "approximate": when.approximate,
        "uncertain": when.uncertain,
        "side": side(standing, pair),
        "valence": standing.valence,
        "sources": len(standing.event.sources or ()),
        "retracted": standing.retracted,
    }


@pytest.mark.parametrize("parameters", QUESTIONS, ids=str)
@pytest.mark.parametrize("days", [None, ("2019-05-10", "2020-07-01"), ("2020-06-29", "2020-06-29")], ids=str)
async def test_marks_are_what_is_selected_and_shown(
    told: ToldTimeline, parameters: Parameters, days: tuple[str, str] | None
) -> None:
    first, last = bounds_asked([("from", days[0]), ("to", days[1])] if days else [])
    for pair in PAIRS:
        asked = [*parameters, *(zip(("start", "end"), days, strict=True) if days else ())]
        answer = await told.stack.client.get(
            f"/timelines/{pair}/marks", params=httpx.QueryParams(asked), headers=told.position
        )
        assert answer.status_code == 200, answer.text
        body = answer.json()
        wanted = [
            expected(each, pair)
            for each in select(told.model, parameters, pair)
            if (each.when.earliest or OPEN_START) <= last and (each.when.latest or OPEN_END) >= first
        ]
        found = [{name: mark[name] for name in mark.keys() - {"begins_by", "ends_from"}} for mark in body["marks"]]
        assert found == wanted, asked
        assert body["count"] == len(wanted)
        assert ("extent" in body) == (days is None)


async def test_marks_of_the_past(told: ToldTimeline) -> None:
    as_of, moment = await told.instant()
    known = [each.event_id for each in told.model.standing() if not each.retracted]
    await told.append(*(retracting(event_id) for event_id in known[::3]))
    for pair in PAIRS:
        for parameters in (QUESTIONS[0], QUESTIONS[3]):
            asked = httpx.QueryParams([*parameters, ("as_of", as_of)])
            answer = await told.stack.client.get(f"/timelines/{pair}/marks", params=asked, headers=told.position)
            then = [each.event_id for each in select(told.model, parameters, pair, moment)]
            assert [mark["id"] for mark in answer.json()["marks"]] == then
            asked = asked.remove("as_of")
            answer = await told.stack.client.get(f"/timelines/{pair}/marks", params=asked, headers=told.position)
            now = [each.event_id for each in select(told.model, parameters, pair)]
            assert [mark["id"] for mark in answer.json()["marks"]] == now


@pytest.fixture(scope="module")
async def plain(engines: Engines) -> AsyncIterator[TimelineStack]:
    """A stack for examples that one can read."""
    async with timeline_stack(engines) as stack:
        yield stack


async def test_marks_say_how_far_their_ends_are_known(plain: TimelineStack) -> None:
    written = {
        "2020-06-29": ("2020-06-29", "2020-06-29"),
        "2020-06": ("2020-06-30", "2020-06-01"),
        "2019-05-01/2021": ("2019-05-01", "2021-01-01"),
        "2020/..": ("2020-12-31", None),
        "../2019": (None, "2019-01-01"),
        "2018-02/": ("2018-02-28", None),
    }
    position = await plain.append(*(recording(when, when, ["FR", "DE"]) for when in written))
    body = await plain.get("/timelines/FR-DE/marks", position)
    assert {mark["when"]: (mark["begins_by"], mark["ends_from"]) for mark in body["marks"]} == written
    assert body["extent"] == {"count": 6, "first": "2018-02-01", "last": "2021-12-31", "open": True}
    assert (body["start"], body["end"]) == ("2018-02-01", "2021-12-31")


async def test_nothing_is_drawn_of_a_pair_without_events(plain: TimelineStack) -> None:
    body = await plain.get("/timelines/NRU-TUV/marks")
    extent = {"count": 0, "first": None, "last": None, "open": False}
    assert body == {"start": None, "end": None, "count": 0, "extent": extent, "marks": []}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("start=2020-01-01", "end: is missing"),
        ("start=2020&end=2021-01-01", "start: '2020' is not a day"),
        ("start=2021-01-01&end=2020-01-01", "end: 2020-01-01 lies before 2021-01-01"),
        ("width=12", "width"),
        ("colour=red", "colour is not a parameter of this request: it takes"),
        ("limit=5", "limit is not a parameter"),
    ],
)
async def test_what_cannot_be_shown_is_refused_in_words(plain: TimelineStack, query: str, words: str) -> None:
    problem = await plain.refusal(f"/timelines/FR-DE/marks?{query}")
    assert problem["status"] == 400
    assert words in problem["detail"]


async def test_marks_are_known_already_and_not_described(plain: TimelineStack) -> None:
    answer = await plain.client.get("/timelines/FR-DE/marks?width=500")
    again = await plain.client.get(
        "/timelines/FR-DE/marks?width=500", headers={"if-none-match": answer.headers["etag"]}
    )
    assert again.status_code == 304
    assert "/marks" not in (await plain.client.get("/openapi.json")).text


@pytest.fixture(scope="module")
async def filled(engines: Engines) -> AsyncIterator[FilledService]:
    """A service whose largest pair has 5,000 events."""
    async with filled_service(engines, 20_000) as service:
        yield service


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("", None),
        ("&width=300", None),
        ("&start=1960-02-03&end=2010-11-12", ("1960-02-03", "2010-11-12")),
        ("&min_sources=1&start=1960-02-03&end=2020-11-12", ("1960-02-03", "2020-11-12")),
    ],
)
async def test_bins_count_each_event_once(filled: FilledService, query: str, days: tuple[str, str] | None) -> None:
    body = filled.client.get(f"/timelines/{LARGEST}/marks?include=retracted{query}").json
    first, last = (date.fromisoformat(day) for day in days or (body["start"], body["end"]))
    rows = await filled.connection.fetch(
        "select earliest, direction, valence from timeline_g1.entries"
        " where pair = $1 and earliest <= $3 and latest >= $2 and ($4 or sources >= 1)",
        *(LARGEST, first, last, "min_sources" not in query),
    )
    wanted = Counter((row["earliest"], row["direction"], row["valence"]) for row in rows)
    assert body["count"] == wanted.total() > 2000
    assert "marks" not in body
    bins = body["bins"]
    assert 10 < len(bins) <= 400
    assert bins == sorted(bins, key=lambda each: str(each["start"]))
    for start, end, counts in [
        *((date.fromisoformat(each["start"]), date.fromisoformat(each["end"]), each) for each in bins),
        (date.min, first, body["reaching"]),
    ]:
        for direction, name in enumerate(("both", "first", "second")):
            assert counts[name] == [
                sum(
                    number
                    for (day, acted, valence), number in wanted.items()
                    if (acted, valence) == (direction, each)
                    and (day < first if counts is body["reaching"] else max(start, first) <= day <= end)
                )
                for each in VALENCES
            ]


async def test_few_of_many_are_marks(filled: FilledService) -> None:
    body = filled.client.get(f"/timelines/{LARGEST}/marks?start=2001-01-01&end=2001-03-01").json
    assert 0 < body["count"] == len(body["marks"]) < 2000
