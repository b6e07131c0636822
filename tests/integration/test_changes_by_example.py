"""`/v1/timelines/{pair}/changes`: moments, formats, pages and refusals."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

from event_schemas.records import format_time


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        yield running


@pytest.fixture(scope="module")
async def moments(stack: TimelineStack) -> tuple[str, str]:
    """Two instants, between which an event of CHN-IND appears, one is corrected, one retracted and one moved away."""
    kept, corrected, gone, moved = (recording(title) for title in ("kept", "corrected", "gone", "moved"))
    await stack.get("/v1/status", await stack.append(kept, corrected, gone, moved))
    since = await instant()
    position = await stack.append(
        recording("=new", "2021"),
        correcting(corrected.event_id, "corrected", "2020-06"),
        correcting(corrected.event_id, "corrected", "2020-06-29"),
        retracting(gone.event_id),
        correcting(moved.event_id, "moved", "2020", ("IN", "PK")),
        *(changed := recording("came and went"), retracting(changed.event_id)),
    )
    await stack.get("/v1/status", position)
    return since, await instant()


async def instant() -> str:
    """An instant behind all that was recorded, and before what will be."""
    now = datetime.now(UTC) + timedelta(milliseconds=2)
    await wait_until(lambda: datetime.now(UTC) > now + timedelta(milliseconds=5))
    return format_time(now)


def by_title(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Items by what the event was called last."""
    return {(item.get("event") or item["before"])["title"]: item for item in items}


async def test_what_appeared_left_and_changed_is_told_with_its_reasons(
    stack: TimelineStack, moments: tuple[str, str]
) -> None:
    since, until = moments
    body = await stack.get("/v1/timelines/IN-CN/changes", since=since, until=until)
    assert (body["pair"], body["since"], body["until"], body["next"]) == ("CHN-IND", since, until, None)
    items = by_title(body["items"])
    assert {title: item["change"] for title, item in items.items()} == {
        "=new": "appeared", "corrected": "changed", "gone": "left", "moved": "left",
    }  # fmt: skip
    assert [step["action"] for step in items["corrected"]["revisions"]] == ["corrected", "corrected"]
    assert items["corrected"]["changes"] == [{"pointer": "/when", "before": "2020", "after": "2020-06-29"}]
    assert items["gone"]["changes"] == [{"pointer": "/status", "before": "current", "after": "retracted"}]
    assert [(step["reason"], step["principal"]) for step in items["gone"]["revisions"]] == [
        ("it did not happen", "anonymous")
    ]
    (moved,) = items["moved"]["changes"]
    assert moved == {"pointer": "/countries", "before": ["CHN", "IND"], "after": ["IND", "PAK"]}
    assert items["=new"]["changes"] == []
    before = (await stack.get("/v1/timelines/IN-CN", as_of=since))["items"]
    after = (await stack.get("/v1/timelines/IN-CN", as_of=until))["items"]
    for item in body["items"]:
        assert item.get("before") in [*before, None]
        assert item.get("event") in [*after, None]


async def test_who_is_shown_retracted_events_is_told_of_them(stack: TimelineStack, moments: tuple[str, str]) -> None:
    since, until = moments
    body = await stack.get("/v1/timelines/IN-CN/changes", since=since, until=until, include="retracted")
    items = by_title(body["items"])
    assert (items["gone"]["change"], items["gone"]["event"]["status"]) == ("changed", "retracted")
    assert (items["came and went"]["change"], items["moved"]["change"]) == ("appeared", "left")
    assert [step["action"] for step in items["came and went"]["revisions"]] == ["recorded", "retracted"]


async def test_until_is_the_next_since(stack: TimelineStack) -> None:
    first = recording("first", "2020", ("FR", "PT"))
    position = await stack.append(first)
    body = await stack.get("/v1/timelines/FR-PT/changes", position)
    assert (body["since"], list(by_title(body["items"]))) == (None, ["first"])
    again = await stack.get("/v1/timelines/FR-PT/changes", since=body["until"])
    assert again["items"] == []
    position = await stack.append(
        recording("second", "2020", ("FR", "PT")), correcting(first.event_id, "first", "2021", ("FR", "PT"))
    )
    more = await stack.get("/v1/timelines/FR-PT/changes", position, since=again["until"])
    assert {title: item["change"] for title, item in by_title(more["items"]).items()} == {
        "first": "changed", "second": "appeared",
    }  # fmt: skip


async def test_a_since_that_is_not_projected_yet_is_waited_for(stack: TimelineStack) -> None:
    position = await stack.append(recording("waited for", "2020", ("FR", "GR")))
    assert (await stack.get("/v1/timelines/FR-GR/changes", since=position))["items"] == []


async def test_changes_come_as_csv_and_ndjson(stack: TimelineStack, moments: tuple[str, str]) -> None:
    since, until = moments
    query = f"since={since}&until={until}"
    wanted = (await stack.get(f"/v1/timelines/IN-CN/changes?{query}"))["items"]
    for url, accept in ((f"/v1/timelines/IN-CN/changes.ndjson?{query}", "*/*"),
                        (f"/v1/timelines/IN-CN/changes?{query}", "application/x-ndjson")):  # fmt: skip
        answer = await stack.client.get(url, headers={"accept": accept})
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert [json.loads(line) for line in answer.text.splitlines()] == wanted
    answer = await stack.client.get(f"/v1/timelines/IN-CN/changes.csv?{query}")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["change"], row["position"], json.loads(row["revisions"])) for row in rows] == [
        (item["change"], item["revisions"][-1]["position"], item["revisions"]) for item in wanted
    ]
    assert {row["title"] for row in rows} == {"'=new", "corrected", "gone", "moved"}
    pages, url = [], f"/v1/timelines/IN-CN/changes.ndjson?{query}&limit=3"
    while url:
        answer = await stack.client.get(url)
        pages.append([json.loads(line) for line in answer.text.splitlines()])
        url = answer.links["next"]["url"] if "next" in answer.links else ""
    assert [len(page) for page in pages] == [3, 1]
    assert [item for page in pages for item in page] == wanted
    problem = await stack.refusal(f"/v1/timelines/IN-CN/changes?{query}", accept="application/atom+xml")
    assert (problem["status"], ".atom" in problem["detail"], ".csv" in problem["detail"]) == (406, False, True)


async def test_an_answer_that_the_caller_has_is_not_sent_again(stack: TimelineStack, moments: tuple[str, str]) -> None:
    since, until = moments
    url = f"/v1/timelines/IN-CN/changes?since={since}&until={until}"
    tag = (await stack.client.get(url)).headers["etag"]
    await stack.get("/v1/status", await stack.append(recording("meanwhile")))
    assert (await stack.client.get(url, headers={"if-none-match": tag})).status_code == 304


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("since=yesterday", "/since"),
        ("since=", "/since"),
        ("since=2025-07-01", "/since"),
        ("since=2999-07-01T00:00:00Z", "/since"),
        ("since=0:1,0:2", "/since"),
        ("since=9:0", "/since"),
        ("until=9:0", "/until"),
        ("since=0:0&until=2020-07-01T00:00:00Z", "/since"),
        ("since=0:0,1:0&until=0:0", "/since"),
        ("since=0:0&cursor=nonsense", "/cursor"),
        ("include=all", "/include"),
        ("limit=0", "/limit"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused(
    stack: TimelineStack, moments: tuple[str, str], query: str, pointer: str
) -> None:
    await stack.append(*(recording(f"event {number}") for number in range(30)))
    problem = await stack.refusal(f"/v1/timelines/IN-CN/changes?{query}")
    assert (problem["status"], problem["errors"][0]["pointer"]) == (400, pointer)


async def test_a_cursor_goes_on_with_its_own_question_only(stack: TimelineStack, moments: tuple[str, str]) -> None:
    since, until = moments
    path = "/v1/timelines/IN-CN/changes"
    cursor = (await stack.get(path, since=since, until=until, limit=1))["next"]
    assert len((await stack.get(path, cursor=cursor, since=since, until=until))["items"]) == 3
    for query in (f"since={until}", "until=0:0", "include=retracted"):
        assert (await stack.refusal(f"{path}?cursor={cursor}&{query}"))["errors"][0]["pointer"] == "/cursor"
    for other in ("/v1/timelines/IN-PK/changes", "/v1/timelines/IN-CN"):
        assert (await stack.refusal(f"{other}?cursor={cursor}"))["errors"][0]["pointer"] == "/cursor"
    assert (await stack.refusal("/v1/timelines/IN-XX/changes"))["status"] == 404
