"""The page of what has changed in a pair, and the timeline for frames of other sites."""

from collections.abc import AsyncIterator

import pytest
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

KEPT = recording("kept <b>as it is</b>", "2020-01-01")
MENDED = recording("a slip of the pen", "2020-02-01")
GONE = recording("never happened", "2020-03-01")
ADDED = recording("found later", "2020-04-01")


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        yield running


@pytest.fixture(scope="module")
async def since(stack: TimelineStack) -> str:
    """A position behind which one event was corrected, one retracted and one recorded."""
    position = await stack.append(KEPT, MENDED, GONE)
    body = await stack.client.get("/v1/timelines/IN-CN", headers={"timeline-position": position})
    changes = (correcting(MENDED.event_id, "mended", "2020-02-01", reason="a <i>slip</i>"), retracting(GONE.event_id))
    after = await stack.append(*changes, ADDED)
    await stack.get("/v1/timelines/IN-CN", after)
    return body.headers["timeline-position"]


async def test_what_appeared_left_and_changed_is_told_with_its_reasons(stack: TimelineStack, since: str) -> None:
    page = await stack.client.get("/timelines/CHN-IND/changes", params={"since": since})
    assert page.status_code == 200
    text = page.text
    assert text.count('class="change">appeared<') == text.count('class="change">left<') == 1
    assert text.count('class="change">changed<') == 1
    assert "found later" in text
    assert "never happened" in text
    assert "a &lt;i&gt;slip&lt;/i&gt;" in text
    assert "kept" not in text
    assert f'value="{since}"' in text


async def test_the_graphic_is_told_what_has_changed_and_what_is_there(stack: TimelineStack, since: str) -> None:
    query = {"since": since, "until": (await stack.get("/v1/timelines/CHN-IND/changes", since=since))["until"]}
    body = await stack.get("/timelines/CHN-IND/changes/marks", **query)
    assert {mark["id"] for mark in body["marks"]} == {KEPT.event_id, MENDED.event_id, ADDED.event_id}
    assert not body["more"]
    told = {each["mark"]["id"]: each for each in body["changed"]}
    assert {identity: each["change"] for identity, each in told.items()} == {
        MENDED.event_id: "changed",
        GONE.event_id: "left",
        ADDED.event_id: "appeared",
    }
    assert [each["was"] for each in told.values()] == [None] * 3  # the date of none of them is another one
    marks = {mark["id"]: mark for mark in body["marks"]}
    assert told[MENDED.event_id]["mark"] == marks[MENDED.event_id]
    days = await stack.get("/timelines/CHN-IND/changes/marks", **query, start="2020-02-01", end="2020-02-01")
    assert [mark["id"] for mark in days["marks"]] == [MENDED.event_id]
    assert "changed" not in days


async def test_the_graphic_is_told_where_an_event_was_before(stack: TimelineStack) -> None:
    moved = recording("moved", "2020-05-01", ["FR", "ES"], initiators=["ES"])
    before = await stack.append(moved)
    after = await stack.append(correcting(moved.event_id, "moved", "2021-05/2021-06", ["FR", "ES"], initiators=["ES"]))
    body = await stack.get("/timelines/ESP-FRA/changes/marks", after, since=before)
    [told] = body["changed"]
    assert told["was"]["when"] == "2020-05-01"
    assert (told["mark"]["begins_by"], told["mark"]["ends_from"]) == ("2021-05-31", "2021-06-01")
    assert told["mark"]["side"] == told["was"]["side"] == "first"
    assert told["mark"] == body["marks"][0]


async def test_a_page_without_a_moment_asks_for_one(stack: TimelineStack, since: str) -> None:
    assert since
    page = (await stack.client.get("/timelines/IN-CN/changes")).text
    assert 'name="since" value="" required' in page
    assert "found later" not in page


async def test_half_written_instants_are_completed_in_the_address(stack: TimelineStack) -> None:
    answer = await stack.client.get("/timelines/CHN-IND/changes?since=2020-01-01&until=")
    assert (answer.status_code, answer.headers["location"]) == (
        307, "/timelines/CHN-IND/changes?since=2020-01-01T00%3A00%3A00Z",
    )  # fmt: skip


async def test_a_moment_that_cannot_be_read_is_refused_as_a_page(stack: TimelineStack) -> None:
    answer = await stack.client.get("/timelines/CHN-IND/changes?since=yesterday")
    assert answer.status_code == 400
    assert "give an instant, such as 2025-07-01T00:00:00Z, or positions" in answer.text


async def test_pages_go_on_where_the_one_before_ended(stack: TimelineStack, since: str) -> None:
    told: list[str] = []
    url: str | None = f"/timelines/CHN-IND/changes?since={since}&limit=1"
    while url is not None:
        page = (await stack.client.get(url)).text
        told += [part.split("<")[0] for part in page.split('class="change">')[1:]]
        url = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&") if 'rel="next"' in page else None
    assert sorted(told) == ["appeared", "changed", "left"]


async def test_a_frame_of_any_site_may_show_the_timeline_and_no_other_page(stack: TimelineStack, since: str) -> None:
    assert since
    framed = await stack.client.get("/embed/CHN-IND")
    assert "frame-ancestors *" in framed.headers["content-security-policy"]
    assert "found later" in framed.text
    assert '<base target="_top">' in framed.text
    page = await stack.client.get("/timelines/CHN-IND")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "/embed/CHN-IND&#34;" in page.text
