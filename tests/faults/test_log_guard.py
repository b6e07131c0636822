"""The log guard: what is done to the log while it is projected is named, and nothing is projected any further."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from tests.support.clients.terminals import timeline
from tests.support.inputs.log_writing import open_log
from tests.support.running.processes import Services
from tests.support.running.projecting import projecting
from tests.support.running.projections import projected
from tests.support.waiting import wait_until

from event_schemas.log_topic import TOPIC_SETTINGS
from local_stack.errors import StackError
from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess
from timeline_service.adapters.postgres.database import open_pool
from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.adapters.postgres.projection import Checkpoint, PostgresProjection
from timeline_service.errors import HaltError, UnavailableError
from timeline_service.projector.log_guard import LogGuard

GUARD_SECONDS = 0.3


@asynccontextmanager
async def administering(services: Services) -> AsyncIterator[AIOKafkaAdminClient]:
    """Whoever may do anything to the topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=services.bootstrap_servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def change(admin: AIOKafkaAdminClient, topic: str, **settings: str) -> None:
    """Give a topic its settings, some of them changed."""
    configs = {**TOPIC_SETTINGS, **{name.replace("_", "."): value for name, value in settings.items()}}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)])


async def fill(services: Services, *records: str) -> None:
    """Append records to each partition: bytes that are no events, and are projected like any other."""
    async with open_log(services.bootstrap_servers, services.topic) as log:
        for words in records:
            for partition in range(3):
                await log.append_bytes(None, words.encode(), partition=partition)


async def rows(services: Services, query: str) -> list[tuple[Any, ...]]:
    """What the database answers."""
    connection = await asyncpg.connect(services.database_url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def halted(services: Services, task: "asyncio.Task[None]", words: str, partitions: int = 3) -> None:
    """Wait until the guard has halted a projector, and left word in the checkpoints."""
    await wait_until(task.done)
    with pytest.raises(HaltError, match=words):
        await task
    reasons = await rows(services, "select stopped from timeline_g1.checkpoints")
    assert len(reasons) == partitions
    assert {reason for (reason,) in reasons} == {str(task.exception())}


def log_and_database(services: Services) -> tuple[str, str, str]:
    """Where a projector in this process finds what it needs."""
    return services.bootstrap_servers, services.topic, services.database_url


@asynccontextmanager
async def guarded(services: Services) -> AsyncIterator["asyncio.Task[None]"]:
    """A projector, in this process, that looks at its log often; a halt is the test's to see."""
    run = projecting(*log_and_database(services), code_version="1", guard_seconds=GUARD_SECONDS)
    with suppress(HaltError):
        async with run as task:
            yield task


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"retention_ms": "604800000"}, "retention.ms is 604800000, expected -1"),
        ({"retention_bytes": "1000000000"}, "retention.bytes is 1000000000, expected -1"),
        ({"cleanup_policy": "compact"}, "cleanup.policy is compact, expected delete"),
        ({"message_timestamp_type": "CreateTime"}, "message.timestamp.type is CreateTime, expected LogAppendTime"),
    ],
)
async def test_a_setting_that_is_changed_halts(services: Services, settings: dict[str, str], words: str) -> None:
    services.migrate()
    async with guarded(services) as task, administering(services) as admin:
        await fill(services, "first")
        await projected(services)
        await change(admin, services.topic, **settings)
        await halted(services, task, words)


async def test_records_that_are_deleted_halt(services: Services) -> None:
    services.migrate()
    async with guarded(services) as task, administering(services) as admin:
        await fill(services, "first", "second")
        await projected(services)
        await admin.delete_records({TopicPartition(services.topic, 1): RecordsToDelete(1)})
        await halted(services, task, "partition 1 of .* begins at offset 1: records before it were deleted")


async def test_partitions_that_are_added_halt_and_are_taken_by_nobody(services: Services) -> None:
    services.migrate()
    words = "the topic has 4 partitions, the projection knows 3"
    async with guarded(services) as task, administering(services) as admin:
        await fill(services, "first")
        await projected(services)
        await admin.create_partitions({services.topic: NewPartitions(4)})
        await halted(services, task, words)
    async with guarded(services) as task:
        await halted(services, task, words)


async def test_a_topic_that_is_made_anew_halts(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timeline_service.adapters.kafka.reader._METADATA_SECONDS", 0.5)
    services.migrate()
    with suppress(UnavailableError):  # of the moment without a topic: the process begins anew then
        async with guarded(services) as task:
            await fill(services, "first", "second")
            await projected(services)
            await make_anew(services)
            await wait_until(task.done)
    async with guarded(services) as task:
        await halted(services, task, "ends at offset 0, but the projection has read up to 2")


async def test_a_topic_that_is_made_anew_and_refilled_reads_differently(services: Services) -> None:
    services.migrate()
    async with projecting(*log_and_database(services), code_version="1"):
        await fill(services, "first", "second")
        await projected(services)
    pool = await open_pool(services.database_url, most=1)
    try:
        checkpoints = (await PostgresProjection(pool, 1).checkpoints()).values()
    finally:
        await pool.close()
    guard = LogGuard(KafkaAccess(services.bootstrap_servers), services.topic, GUARD_SECONDS)
    await guard.check(checkpoints, reread=True)
    await make_anew(services)
    await fill(services, "first", "another", "one more")
    with pytest.raises(HaltError, match="partition 0 reads differently at offset 1"):
        await guard.check(checkpoints, reread=True)
    await guard.check([replace(each, last_offset=None) for each in checkpoints], reread=True)


async def make_anew(services: Services) -> None:
    """Delete the topic, and make another one of its name."""
    async with administering(services) as admin:
        await admin.delete_topics([services.topic])

    async def made() -> bool:
        await create_topic(KafkaAccess(services.bootstrap_servers), services.topic, partitions=3)
        return True

    await wait_until(made, ignore=(StackError,))


class Looks(LogGuard):
    """Keeps what is looked at, and finds what it is told to find."""

    def __init__(self) -> None:
        super().__init__(KafkaAccess(""), "", 0.01)
        self.looks: list[list[Checkpoint]] = []
        self.fails = asyncio.Event()

    async def check(self, checkpoints: Collection[Checkpoint], *, reread: bool) -> None:
        """Note it."""
        assert reread
        self.looks.append(list(checkpoints))
        if self.fails.is_set():
            raise HaltError("a finding")


async def test_what_was_looked_at_before_is_looked_at_again_while_it_is_ours() -> None:
    first = Checkpoint(0, 2, 1, "cluster", 3, 1, 0, b"", None, 0)
    second = replace(first, next_offset=5, last_offset=4)
    held = {0: first}
    guard = Looks()
    task = asyncio.create_task(guard.run(lambda: held))
    await wait_until(lambda: guard.looks[-1:] == [[first]])
    held[0] = second
    await wait_until(lambda: [first, second] in guard.looks and guard.looks[-1] == [second])
    guard.fails.set()
    with pytest.raises(HaltError, match="a finding"):
        await task


@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        ("last_sha256 = decode(repeat('00', 32), 'hex')", "reads differently at offset 1"),
        (
            "next_offset = 100, gaps = 100 - next_offset, last_offset = 99",
            "ends at offset 2, but the projection has read up to 100",
        ),
    ],
)
async def test_a_checkpoint_that_somebody_changes_halts_an_idle_projector(
    services: Services, tampering: str, words: str
) -> None:
    services.migrate()
    projector = await services.projector()
    await fill(services, "first", "second")
    await projected(services)
    await rows(services, f"update timeline_g1.checkpoints set {tampering} where partition = 1")
    await projector.ended()
    assert "level=critical event=halted" in projector.log
    assert words in projector.log
    stopped = await rows(services, "select stopped from timeline_g1.checkpoints")
    assert all(words in reason for (reason,) in stopped)


async def test_status_shows_why_a_projector_has_halted_until_it_projects_again(services: Services) -> None:
    services.migrate()
    service = await services.timeline()
    projector = await services.projector(TIMELINE_GUARD_SECONDS=str(GUARD_SECONDS))
    await fill(services, "first")
    await projected(services)
    words = f"the topic {services.topic} cannot be trusted with the log: retention.ms is 1000000, expected -1"
    async with administering(services) as admin:
        await change(admin, services.topic, retention_ms="1000000")
        await projector.ended()
        _, output, _ = await timeline("status", "--url", service.url)
        assert f"stopped\tpartitions 0, 1, 2: {words}" in output
        await rows(services, "update timeline_g1.checkpoints set stopped = null")
        projector.start()  # the rule is the same at the start
        await projector.ended()
        _, output, _ = await timeline("status", "--url", service.url)
        assert f"stopped\tpartitions 0, 1, 2: {words}" in output
        await change(admin, services.topic)
    projector.start()
    await fill(services, "second")
    await projected(services)
    _, output, _ = await timeline("status", "--url", service.url)
    assert "stopped" not in output


async def test_idle_projectors_follow_a_swap_and_leave_the_old_generation_alone(services: Services) -> None:
    services.migrate()
    projectors = [await services.projector(name) for name in ("first", "second")]

    async def shared(generation: int) -> bool:
        owners = await rows(services, f"select owner from timeline_g{generation}.checkpoints where owner <> ''")
        return len(owners) == 3 and len(set(owners)) == 2

    await wait_until(lambda: shared(1))
    pool = await open_pool(services.database_url, most=1)
    try:
        generations = PostgresGenerations(pool)
        await generations.create(None)
        assert await generations.swap(2)
    finally:
        await pool.close()
    left = await rows(services, "select partition, epoch, owner from timeline_g1.checkpoints order by 1")
    await wait_until(lambda: shared(2))
    await fill(services, "after the swap")
    await projected(services, generation=2)
    assert await rows(services, "select partition, epoch, owner from timeline_g1.checkpoints order by 1") == left
    assert all("generation 1 is no longer the live one" in projector.log for projector in projectors)


async def test_a_generation_that_is_dropped_under_an_idle_projector_is_no_bug(services: Services) -> None:
    services.migrate()
    projector = await services.projector()
    await fill(services, "before")
    await projected(services)
    await rows(services, "drop schema timeline_g1 cascade")
    await wait_until(lambda: "generation 1 has been dropped" in projector.log)
    assert projector.pid is not None


async def test_the_cluster_of_an_archived_log_is_named_once_its_records_were_found(services: Services) -> None:
    services.migrate()
    run = log_and_database(services)
    async with projecting(*run, code_version="1"):
        await fill(services, "first")
        await projected(services)
    named = await rows(services, "select cluster_id from timeline_g1.checkpoints")
    await rows(services, "update timeline_g1.checkpoints set cluster_id = '', last_timestamp = last_timestamp + 1")
    async with guarded(services) as task:
        await halted(services, task, "reads differently at offset 0")
    assert await rows(services, "select distinct cluster_id from timeline_g1.checkpoints") == [("",)]
    await rows(services, "update timeline_g1.checkpoints set last_timestamp = last_timestamp - 1")

    async def is_named() -> bool:
        return await rows(services, "select cluster_id from timeline_g1.checkpoints") == named

    async with projecting(*run, code_version="1"):
        await wait_until(is_named)
        await fill(services, "second")
        await projected(services)
