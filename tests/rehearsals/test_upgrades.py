"""Two releases side by side: nothing that was acknowledged is lost, and somebody answers at every moment.

The later release is a copy of the sources in which what tells releases apart is changed: the judge's code, by whose
digest parked records are judged again, and the shape of the tables, which asks for a rebuild.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from tests.faults.soak.planted_bugs import copy_sources
from tests.faults.test_log_guard import rows
from tests.support.running.processes import Service, Services
from tests.support.running.projections import projected
from tests.support.running.replaying import over, replays_of, verified
from tests.support.waiting import wait_until

from timeline_service.errors import UnavailableError

TIMELINE = "timeline-service/src/timeline_service"
pytestmark = pytest.mark.timeout(300)


@dataclass
class Story:
    """What writers were promised and readers were told, while releases change."""

    acknowledged: dict[str, str] = field(default_factory=dict)  # event by position
    refused: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    writing: list[Service] = field(default_factory=list)
    reading: list[Service] = field(default_factory=list)


@pytest.fixture
def later(services: Services, tmp_path: Path) -> Services:
    """The same engines, topic and database, with the code of a later release."""
    root = copy_sources(tmp_path / "later")
    with (root / TIMELINE / "judge" / "fold.py").open("a") as judge:
        judge.write("\n# Judges as the release before.\n")
    return Services(services.state_dir, services.bootstrap_servers, services.topic, services.database_url, root=root)


def reshape(later: Services) -> None:
    """Have the later release's tables another shape, too."""
    assert later.root is not None
    with (later.root / TIMELINE / "sql" / "generation_tables.sql").open("a") as tables:
        tables.write("\n-- As in the release before.\n")


@asynccontextmanager
async def going_on(story: Story) -> AsyncIterator[None]:
    """Meanwhile events are posted to each ingest service, and some service is asked for each that was acknowledged."""
    over_now = asyncio.Event()
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        work = [asyncio.create_task(each(client, story, over_now)) for each in (write, read)]
        try:
            yield
            over_now.set()
            await asyncio.gather(*work)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
    assert not story.refused, story.refused[:3]
    assert not story.unanswered, story.unanswered[:3]
    assert len(story.acknowledged) > 20


async def write(client: httpx.AsyncClient, story: Story, over_now: asyncio.Event) -> None:
    """Post one event after the other, to each service in its turn."""
    number = 0
    while not over_now.is_set():
        number += 1
        service = story.writing[number % len(story.writing)]
        event = {"title": f"no. {number}", "when": "2020", "countries": ["IND", "CHN"], "type": "ban"}
        answer = await client.post(f"{service.url}/v1/events", json=event)
        if answer.status_code == 201:
            story.acknowledged[answer.json()["position"]] = answer.json()["id"]
        else:
            story.refused.append(answer.text)


async def read(client: httpx.AsyncClient, story: Story, over_now: asyncio.Event) -> None:
    """Page through the pair at one of the services that are to answer."""
    number = 0
    while not over_now.is_set():
        number += 1
        service = story.reading[number % len(story.reading)]
        answer = await client.get(f"{service.url}/v1/timelines/CHN-IND", params={"limit": 5, "count": "true"})
        if answer.status_code != 200:
            story.unanswered.append(answer.text)


async def more(story: Story, records: int = 20) -> None:
    """Wait until some more was acknowledged."""
    goal = len(story.acknowledged) + records
    await wait_until(lambda: len(story.acknowledged) >= goal)


async def end(story: Story, services: Sequence[Service]) -> None:
    """Take services out of use, and stop them in order: what is under way is finished."""
    story.writing = [each for each in story.writing if each not in services]
    story.reading = [each for each in story.reading if each not in services]
    for each in services:
        await each.terminate()


async def nothing_is_lost(services: Services, story: Story, generation: int) -> None:
    """All that was acknowledged is shown, and a verification finds nothing else."""
    tables = await projected(services, generation=generation)
    shown = {row.event_id for row in tables.revisions}
    assert set(story.acknowledged.values()) <= shown
    await verified(services)


async def owners(services: Services) -> set[str]:
    """Who projects."""
    return {row[0] for row in await rows(services, "select owner from timeline_g1.checkpoints")}


async def test_a_release_that_judges_anew_takes_over_partition_by_partition(
    services: Services, later: Services
) -> None:
    services.migrate()
    old = [await services.projector("old projector"), await services.ingest("old ingest")]
    old.append(await services.timeline("old timeline"))
    story = Story(writing=[old[1]], reading=[old[2]])
    try:
        async with going_on(story):
            await more(story)
            projector = await later.projector("new projector")
            await wait_until(lambda: "event=projecting" in projector.log)
            story.writing.append(await later.ingest("new ingest"))
            story.reading.append(await later.timeline("new timeline"))
            await more(story)  # with both
            assert len(await owners(services)) == 2
            await old[0].kill()  # and not in order
            await end(story, old[1:])
            await more(story)
            await later.replayer("new replayer")
        await nothing_is_lost(services, story, 1)
        assert len(await owners(services)) == 1
    finally:
        await later.stop()


async def test_a_release_of_another_shape_is_shown_once_a_rebuild_is_done_that_was_broken_off(
    services: Services, later: Services
) -> None:
    reshape(later)
    services.migrate()
    old_projector, old_replayer = await services.projector("old projector"), await services.replayer("old replayer")
    old_ingest, old_timeline = await services.ingest("old ingest"), await services.timeline("old timeline")
    story = Story(writing=[old_ingest], reading=[old_timeline])
    try:
        async with going_on(story):
            await more(story, 200)
            await end(story, [old_replayer])  # a rebuild is to be the new one's
            later.migrate()
            story.writing.append(await later.ingest("new ingest"))
            projector = await later.projector("new projector")
            await wait_until(lambda: "made by code of another shape" in projector.log)
            await more(story)  # which the old projector still projects
            replayer = await later.replayer("new replayer")
            async with replays_of(services) as replays:
                (filed,) = await replays.open()

                async def begun() -> bool:
                    row = await replays.replay(str(filed["id"]))
                    return row is not None and row["state"] == "running"

                await wait_until(begun, ignore=(UnavailableError,))
                await replayer.kill()
                await more(story)
                replayer.start()
                view = await over(replays, str(filed["id"]))
            assert view["state"] == "succeeded", view
            new_timeline = await later.timeline("new timeline")
            story.reading = [new_timeline]
            await wait_until(lambda: "event=projecting" in projector.log)
            await end(story, [old_ingest, old_timeline, old_projector])
            await more(story)
        assert new_timeline.pid is not None
        (live,) = await rows(services, "select n from timeline.generations where live")
        tables = await projected(services, generation=live[0])
        assert set(story.acknowledged.values()) <= {row.event_id for row in tables.revisions}
        await verified(services)
    finally:
        await later.stop()
