"""Three brokers, of which some are lost: one, the leader of a partition, or two, and with them the majority."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Final

import httpx
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from tests.faults.soak.arena.arena import Arena
from tests.faults.soak.arena.members import Member
from tests.faults.soak.nemesis.faults import fault
from tests.faults.soak.nemesis.operations import ask, client, event, in_background

_SETTLING_SECONDS: Final = 1.0


def _lacks_brokers(arena: Arena) -> str:
    return "" if len(arena.nodes) >= 3 else "the arena has no three brokers (brokers=3)"


@fault("lose one broker of three", lacks=_lacks_brokers)
async def lose_one(arena: Arena, random: Random) -> AsyncIterator[None]:
    """One is enough less to go on with."""
    member = arena.members[random.choice(arena.kafka_names)]
    await member.kill(hold=True)
    try:
        yield
    finally:
        member.start()


@fault("lose the leader of a partition", lacks=_lacks_brokers)
async def lose_leader(arena: Arena, random: Random) -> AsyncIterator[None]:
    """The broker goes that takes the records of a partition."""
    member = await _leader(arena, random.randrange(arena.partitions)) or arena.members[arena.kafka_names[0]]
    await member.kill(hold=True)
    try:
        yield
    finally:
        member.start()


@fault("lose two brokers of three", lacks=_lacks_brokers, alone=True)
async def lose_two(arena: Arena, random: Random) -> AsyncIterator[None]:
    """No record may be acknowledged meanwhile: one copy is none."""
    members = [arena.members[name] for name in random.sample(arena.kafka_names, 2)]
    with arena.excusing(*arena.kafka_names):
        await asyncio.gather(*(member.kill(hold=True) for member in members))
        try:
            async with in_background(_refused(arena, random)):
                yield
        finally:
            for member in members:
                member.start()


async def _refused(arena: Arena, random: Random) -> None:
    """Post again and again; every answer must be a refusal."""
    await asyncio.sleep(_SETTLING_SECONDS)  # what was under way may have been acknowledged by all three
    async with client() as each:
        while True:
            try:
                response = await ask(arena, each, "POST", f"{arena.ingest_urls[0]}/v1/events", json=event(random))
            except httpx.HTTPError:
                continue
            if response.status_code < 300:
                arena.violations.append(f"recorded with one broker of three: {response.text}")


async def _leader(arena: Arena, partition: int) -> Member | None:
    """The broker that leads a partition, if somebody says so."""
    admin = AIOKafkaAdminClient(bootstrap_servers=arena.bootstrap_servers, request_timeout_ms=5_000)
    try:
        await admin.start()
        (described,) = await admin.describe_topics([arena.topic])
        leaders = {item["partition"]: item["leader"] for item in described["partitions"]}
        return next((arena.members[node.name] for node in arena.nodes if node.number == leaders[partition]), None)
    except (KafkaError, OSError):
        return None
    finally:
        await admin.close()


FAULTS: Final = (lose_one, lose_leader, lose_two)
