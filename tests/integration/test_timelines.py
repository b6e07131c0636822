import random
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.projections import read_tables
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from event_schemas.dates import When, parse_when
from event_schemas.records import Record
from timeline_service.judge.days import OPEN_END, OPEN_START


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        yield running


def titles(body: dict[str, Any]) -> list[str]:
    return [item["title"] for item in body["items"]]


async def all_pages(stack: TimelineStack, path: str, **query: Any) -> list[dict[str, Any]]:
    """The items of all pages, followed by their `Link`."""
    items = []
    response = await stack.client.get(path, params={name.rstrip("_"): value for name, value in query.items()})
    while True:
        assert response.status_code == 200, response.text
        items += response.json()["items"]
        if "next" not in response.links:
            assert response.json()["next"] is None
            return items
        response = await stack.client.get(response.links["next"]["url"])


async def test_events_stand_in_the_contracts_order(stack: TimelineStack) -> None:
    whens = ["2020", "2020-01-01", "2020-01", "../2020", "2020/..", "2020-02", "2020-01-01", "2019-12-31/2020-01-02"]
    position = await stack.append(*(recording(f"{n} {when}", when, ["AR", "BR"]) for n, when in enumerate(whens)))
    body = await stack.get("/v1/timelines/br-ar", position)
    assert titles(body) == [
        "3 ../2020", "7 2019-12-31/2020-01-02", "1 2020-01-01", "6 2020-01-01", "2 2020-01", "0 2020", "4 2020/..",
        "5 2020-02",
    ]  # fmt: skip
    assert body["pair"] == "ARG-BRA"
    assert body["countries"] == [{"code": "ARG", "name": "Argentina"}, {"code": "BRA", "name": "Brazil"}]
    assert body["next"] is None
    turned = await stack.get("/v1/timelines/ARG-BRA", order="desc")
    assert titles(turned) == titles(body)[::-1]


WHENS = [
    "1990/..", "../1990", "1985/", "/1985", "198X", "19XX", "1985", "1985-24", "1985-33", "1985-02", "1985-02-03",
    "1984-12-30/1985-01-02", "1985-01-31/1985-02-28", "1984/1986", "1985~", "0001", "9998", "../0001", "9998/..",
]  # fmt: skip


def random_when(chance: random.Random) -> str:
    """A date of any span class, mostly near 1985."""
    day = date(1985, 1, 1) + timedelta(days=chance.randrange(-900, 900))
    end = day + timedelta(days=chance.choice([1, 30, 31, 32, 90, 365, 366, 367, 800]))
    return chance.choice(
        [f"{day}", f"{day}", f"{day:%Y-%m}", f"{day:%Y}", f"{day}/{end}", f"{day}/{end}", f"{day}/..", f"../{day}"]
    )


def selected(when: When, first: date, last: date, match: str) -> bool:
    """Whether an event is in a range, in the contract's words."""
    earliest, latest = when.earliest or date.min, when.latest or date.max
    if match == "within":
        return first <= earliest and latest <= last
    return earliest <= last and latest >= first


async def test_ranges_select_what_a_look_at_every_event_selects(stack: TimelineStack) -> None:
    chance = random.Random(7)
    events = [recording(str(n), when, ["FR", "DE"]) for n, when in enumerate(WHENS)]
    events += [recording(str(len(WHENS) + n), random_when(chance), ["FR", "DE"]) for n in range(300)]
    position = await stack.append(*events)
    parsed = {event.event_json["title"]: parse_when(event.event_json["when"]) for event in events if event.event}
    for _ in range(60):
        texts = sorted((random_when(chance) for _ in range(2)), key=lambda text: parse_when(text).earliest or date.min)
        first, last = parse_when(texts[0]).earliest or date.min, parse_when(texts[1]).latest or date.max
        query: dict[str, Any] = {"from_": texts[0], "to": texts[1], "match": chance.choice(["overlaps", "within"])}
        match chance.randrange(4):
            case 0:
                query.pop("from_")
                first = date.min
            case 1:
                query.pop("to")
                last = date.max
        if first > last:
            continue
        query["order"] = chance.choice(["asc", "desc"])
        body = await stack.get("/v1/timelines/FRA-DEU", position, limit=1000, count="true", **query)
        wanted = {title for title, when in parsed.items() if selected(when, first, last, query["match"])}
        assert sorted(titles(body)) == sorted(wanted), query
        assert body["count"] == len(wanted)
        keys = [
            (item["earliest"] or "", item["latest"] or "9999", item["accepted_at"], item["id"])
            for item in body["items"]
        ]
        assert keys == sorted(keys, reverse=query["order"] == "desc")
        paged = await all_pages(stack, "/v1/timelines/FRA-DEU", limit=chance.choice([3, 7, 50]), **query)
        assert paged == body["items"]


@pytest.mark.parametrize("limit", range(1, 8))
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_pages_answer_at_the_first_ones_moment_while_the_log_goes_on(
    stack: TimelineStack, limit: int, order: str
) -> None:
    chance = random.Random(limit)
    pair = ["JP", "US"]
    events = [recording(f"{limit} {order} {n}", random_when(chance), pair) for n in range(15)]
    position = await stack.append(
        *events, retracting(events[3].event_id), correcting(events[4].event_id, "c", "1986", pair)
    )
    whole = (await stack.get("/v1/timelines/JPN-USA", position, limit=1000, order=order, include="retracted"))["items"]
    response = await stack.client.get(
        "/v1/timelines/JPN-USA", params={"limit": limit, "order": order, "include": "retracted", "count": "true"}
    )
    items = response.json()["items"]
    while "next" in response.links:
        other: list[Record] = [
            recording("new", random_when(chance), pair),
            correcting(chance.choice(events).event_id, "moved in time", random_when(chance), pair),
            correcting(chance.choice(events).event_id, "moved away", "1985", ["JP", "KR"]),
            retracting(chance.choice(events).event_id),
        ]
        position = await stack.append(chance.choice(other))
        headers = {"timeline-position": position}  # so that the change is projected before the page is asked for
        response = await stack.client.get(response.links["next"]["url"], headers=headers)
        assert response.json()["count"] == len(whole)
        items += response.json()["items"]
        if len(items) > 40:
            break
    assert items == whole[: len(items)]
    assert len(items) == len(whole) or len(items) > 40


async def test_a_cursor_stays_with_its_query(stack: TimelineStack) -> None:
    position = await stack.append(*(recording(str(n), "2020", ["CU", "US"]) for n in range(4)))
    path = "/v1/timelines/CUB-USA"
    cursor = (await stack.get(path, position, limit=2))["next"]
    assert titles(await stack.get(path, cursor=cursor)) == ["2", "3"]
    assert titles(await stack.get(path, cursor=cursor, limit=1, order="asc")) == ["2"]
    for other in ("&order=desc", "&from=2019", "&include=retracted", "&match=within"):
        problem = await stack.refusal(f"{path}?cursor={cursor}{other}")
        assert (problem["status"], problem["errors"][0]["pointer"]) == (400, "/cursor")
    for wrong in (f"{path}?cursor={cursor[:-1]}", f"{path}?cursor=x", f"/v1/timelines?cursor={cursor}"):
        assert (await stack.refusal(wrong))["status"] == 400
    assert (await stack.refusal(f"/v1/timelines/CUB-MEX?cursor={cursor}"))["status"] == 400


async def test_retracted_events_are_shown_to_who_asks(stack: TimelineStack) -> None:
    one, two = recording("one", "2020", ["ES", "PT"]), recording("two", "2021", ["ES", "PT"])
    position = await stack.append(one, two, retracting(one.event_id))
    assert titles(await stack.get("/v1/timelines/ES-PT", position, count="true")) == ["two"]
    body = await stack.get("/v1/timelines/ES-PT", include="retracted", count="true")
    assert [(item["title"], item["status"], item["revision"]) for item in body["items"]] == [
        ("one", "retracted", 2),
        ("two", "current", 1),
    ]
    assert body["count"] == 2
    position = await stack.append(correcting(one.event_id, "one again", "2022", ["ES", "PT"]))
    assert titles(await stack.get("/v1/timelines/ES-PT", position)) == ["two", "one again"]
    assert (await stack.get(f"/v1/events/{one.event_id}"))["revision"] == 3


async def test_a_pair_without_events_is_empty_and_no_pair_is_unknown(stack: TimelineStack) -> None:
    assert (await stack.get("/v1/timelines/TUV-NRU", count="true"))["count"] == 0
    for name in ("IN-XX", "IN-IN", "IND", "IND-CHN-USA", "in%20cn", "%00-IN"):
        problem = await stack.refusal(f"/v1/timelines/{name}")
        assert (problem["type"], problem["status"]) == ("/problems/unknown-pair", 404)


@pytest.mark.parametrize(
    "query",
    [
        "colour=red", "order=up", "order=asc&order=asc", "limit=0", "limit=1001", "limit=x", "from=20-20", "to=",
        "to=2020&from=2021", "match=near", "include=all", "count=maybe", "min_position=x", "min_position=0:1,0:2",
        "min_position=9:1", "cursor=", "from=%00", "cursor=%F0%9F%98%80",
    ],
)  # fmt: skip
async def test_a_parameter_that_cannot_be_is_refused_by_name(stack: TimelineStack, query: str) -> None:
    problem = await stack.refusal(f"/v1/timelines/IN-CN?{query}")
    assert (problem["type"], problem["status"]) == ("/problems/bad-parameter", 400)
    assert any(query.partition("=")[0] in item["pointer"] for item in problem["errors"])


async def test_lookup_leads_from_names_to_the_pair(stack: TimelineStack) -> None:
    response = await stack.client.get("/v1/timelines/lookup", params={"a": "India", "b": "cn"})
    assert response.status_code == 307
    assert response.headers["location"] == "/v1/timelines/CHN-IND"
    problem = await stack.refusal("/v1/timelines/lookup?a=Korea&b=Indja")
    assert problem["status"] == 400
    assert any("Korea" in name for name in problem["candidates"])
    assert (await stack.refusal("/v1/timelines/lookup?a=India&b=IND"))["status"] == 400
    assert (await stack.refusal("/v1/timelines/lookup?a=India"))["errors"][0]["pointer"] == "/b"


async def test_a_read_waits_for_its_position(stack: TimelineStack) -> None:
    event = recording("waited for", "2020", ["NO", "SE"])
    position = await stack.append(event)
    response = await stack.client.get("/v1/timelines/NO-SE", headers={"timeline-position": position})
    assert titles(response.json()) == ["waited for"]
    own = response.headers["timeline-position"]
    again = await stack.client.get("/v1/timelines/NO-SE", params={"min_position": own})
    assert again.status_code == 200
    partition, offset = position.split(":")
    late = await stack.client.get("/v1/timelines/NO-SE", params={"min_position": f"{partition}:{int(offset) + 9999}"})
    assert late.status_code == 503
    assert int(late.headers["retry-after"]) > 0
    assert late.headers["content-type"] == "application/problem+json"
    problem = await stack.refusal("/v1/timelines/NO-SE", **{"timeline-position": "3:1"})
    assert problem["status"] == 400
    assert "no partition 3" in problem["detail"]
    assert (await stack.refusal("/v1/timelines/NO-SE", **{"timeline-position": "nonsense"}))["status"] == 400


async def test_an_answer_that_one_has_is_not_sent_again(stack: TimelineStack) -> None:
    event = recording("tagged", "2020", ["FI", "EE"])
    position = await stack.append(event)
    first = await stack.client.get("/v1/timelines/FI-EE", headers={"timeline-position": position})
    tag = first.headers["etag"]
    for given in (tag, f'W/{tag}, "x"', "*"):
        again = await stack.client.get("/v1/timelines/FI-EE", headers={"if-none-match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    position = await stack.append(correcting(event.event_id, "tagged anew", "2020", ["FI", "EE"]))
    headers = {"if-none-match": tag, "timeline-position": position}
    changed = await stack.client.get("/v1/timelines/FI-EE", headers=headers)
    assert titles(changed.json()) == ["tagged anew"]


async def test_foreign_hosts_and_unknown_addresses_are_problems(stack: TimelineStack) -> None:
    assert (await stack.refusal("/v1/nothing"))["status"] == 404
    foreign = await stack.client.get("/v1/timelines/IN-CN", headers={"host": "example.org"})
    assert (foreign.status_code, foreign.json()["type"]) == (421, "/problems/foreign-host")
    assert (await stack.client.get("/readyz", headers={"host": "example.org"})).status_code == 200
    posted = await stack.client.post("/v1/timelines/IN-CN")
    assert (posted.status_code, posted.headers["content-type"]) == (405, "application/problem+json")


@pytest.mark.parametrize("order", ["pair", "count"])
async def test_the_pairs_have_counts_and_bounds(stack: TimelineStack, order: str) -> None:
    chance = random.Random(order)
    countries = ["MA", "DZ", "TN", "LY"]
    events = [
        recording(f"{order} {n}", random_when(chance), chance.sample(countries, chance.choice([2, 2, 3])))
        for n in range(60)
    ]
    changes = [retracting(event.event_id) for event in events[:10]]
    changes += [correcting(event.event_id, "moved", "1985", ["MA", "EG"]) for event in events[10:15]]
    position = await stack.append(*events, *changes)
    assert await stack.get("/v1/timelines", position, limit=1)
    tables = await read_tables(stack.services.database_url)
    pairs: dict[str, list[tuple[date, date]]] = {}
    for pair, _, earliest, latest, *_, until, retracted in (entry[:11] for entry in tables.entries):
        if until is None and not retracted and "MAR" in pair:
            pairs.setdefault(pair, []).append((earliest, latest))
    wanted = [
        (
            pair,
            len(bounds),
            min((str(first) for first, _ in bounds if first != OPEN_START), default=None),
            max((str(last) for _, last in bounds if last != OPEN_END), default=None),
        )
        for pair, bounds in sorted(pairs.items(), key=lambda item: (-len(item[1]) if order == "count" else 0, item[0]))
    ]
    for limit in (1, 2, 50):
        items = await all_pages(stack, "/v1/timelines", country="Morocco", order=order, limit=limit)
        assert [(item["pair"], item["count"], item["first"], item["last"]) for item in items] == wanted
    partners = (await stack.get("/v1/countries/MA/partners"))["items"]
    assert {item["pair"]: item["count"] for item in partners} == {pair: len(bounds) for pair, bounds in pairs.items()}
    assert [item["count"] for item in partners] == sorted((len(bounds) for bounds in pairs.values()), reverse=True)


async def test_a_stranger_country_is_refused(stack: TimelineStack) -> None:
    problem = await stack.refusal("/v1/timelines?country=Atlantis")
    assert (problem["status"], problem["errors"][0]["pointer"]) == (400, "/country")
    assert (await stack.refusal("/v1/countries/Atlantis/partners"))["type"] == "/problems/unknown-country"


async def test_the_description_names_every_parameter(stack: TimelineStack) -> None:
    async with httpx.AsyncClient(base_url=stack.client.base_url, trust_env=False) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    names = {item["name"] for item in paths["/v1/timelines/{pair}"]["get"]["parameters"]}
    assert {"pair", "from", "to", "match", "order", "include", "count", "limit", "cursor", "min_position"} <= names


async def test_the_first_day_of_all_is_itself_and_sorts_behind_an_open_start(stack: TimelineStack) -> None:
    dates = ["0001-01-02", "0001-01-01", "../0001-01-01", "0001-01-01/0001-01-02", "../0001-01-02", "0001"]
    position = await stack.append(*(recording(when, when, ["PG", "WS"], type="visit") for when in dates))
    in_order = ["../0001-01-01", "../0001-01-02", "0001-01-01", "0001-01-01/0001-01-02", "0001", "0001-01-02"]

    async def whens(**parameters: Any) -> list[str]:
        found: list[str] = []
        while True:
            page = await stack.get("/v1/timelines/PNG-WSM", position, **parameters)
            found += [item["when"] for item in page["items"]]
            if page["next"] is None:
                return found
            parameters = {"limit": parameters.get("limit"), "cursor": page["next"]}

    for limit in (50, 1, 2):
        assert await whens(limit=limit) == in_order
        assert await whens(limit=limit, order="desc") == in_order[::-1]
    assert await whens(to="0001-01-01", match="within", limit=1) == ["../0001-01-01", "0001-01-01"]
    assert await whens(from_="0001-01-01", to="0001-01-01", match="within") == ["0001-01-01"]
    assert await whens(from_="0001-01-02", match="within") == ["0001-01-02"]
    assert await whens(from_="0001-01-02", to="0001-01-02") == in_order[1:2] + in_order[3:]
    summary = await stack.get("/v1/timelines/PNG-WSM/summary", position)
    assert (summary["first"], summary["last"]) == ("0001-01-01", "0001-12-31")
    moved = [item["id"] for item in (await stack.get("/v1/timelines/PNG-WSM"))["items"]]
    position = await stack.append(*(correcting(each, "moved", "2020", ["PG", "WS"]) for each in moved))
    page = await stack.get("/v1/timelines/PNG-WSM", position)
    assert [item["when"] for item in page["items"]] == ["2020"] * len(dates)
