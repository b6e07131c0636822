"""Strangers at the topic, each a process of its own: `python -m tests.faults.soak.nemesis.outsider write|join …`.


`write BOOTSTRAP TOPIC PARTITIONS SEED` appends what no ingest service would; it says so of each record
before it is sent, in a line of JSON. `join BOOTSTRAP TOPIC GROUP` joins the projectors' group and leaves it,
again and again. They end when they are killed.
"""

import asyncio
import hashlib
import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from tests.faults.soak.arena.titles import NEMESIS

HEADERS = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


class Stranger:
    """Writes to the topic, and says so before."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partitions: int, chance: random.Random) -> None:
        self._producer, self._topic, self._partitions, self._chance = producer, topic, partitions, chance

    async def write(self, kind: str, key: bytes | None, value: bytes | None) -> None:
        """Append one record, to any partition."""
        partition = self._chance.randrange(self._partitions)
        print(json.dumps({"kind": kind, "sha256": hashlib.sha256(value or b"").hexdigest()}), flush=True)
        await self._producer.send_and_wait(self._topic, value, key=key, headers=HEADERS, partition=partition)


def foreign(chance: random.Random) -> Iterator[tuple[str, bytes | None, bytes | None]]:
    """Kinds, keys and values that are not ours."""
    while True:
        identifier = str(UUID(int=chance.getrandbits(128), version=4))
        noise = chance.randbytes(chance.choice((1, 40, 5_000)))
        yield "bytes", noise[:10], noise
        yield "nothing", identifier.encode(), None
        yield "without a key", None, json.dumps({"title": f"{NEMESIS}{identifier}"}).encode()
        yield "of another version", identifier.encode(), another_version(identifier)
        yield "deep", identifier.encode(), b"[" * chance.choice((100, 5_000))


def another_version(event_id: str) -> bytes:
    """A record of a version that nobody knows yet, sound otherwise."""
    value = {
        "specversion": "1.0",
        "id": event_id,
        "source": "urn:dyadline:anonymous",
        "type": "dyadline.event.recorded.v99",
        "subject": event_id,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "datacontenttype": "application/json",
        "dataschema": "urn:dyadline:schema:dyadline.event.recorded.v99",
        "data": {"title": f"{NEMESIS}{event_id}"},
    }
    return json.dumps(value, separators=(",", ":")).encode()


async def write(bootstrap: str, topic: str, partitions: int, seed: int) -> None:
    """Append foreign records, some of them in transactions, of which some are aborted, slowly."""
    chance = random.Random(seed)
    records = foreign(chance)
    plain = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", request_timeout_ms=10_000)
    named = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"stranger-{seed}")
    await plain.start()
    await named.start()
    while True:
        for kind, key, value in (next(records) for _ in range(5)):
            await Stranger(plain, topic, partitions, chance).write(kind, key, value)
        await named.begin_transaction()
        ending = chance.choice(("committed", "aborted"))
        noise = chance.randbytes(60)
        await Stranger(named, topic, partitions, chance).write(f"in a transaction, {ending}", None, noise)
        await (named.commit_transaction() if ending == "committed" else named.abort_transaction())
        await asyncio.sleep(1)


async def join(bootstrap: str, topic: str, group: str) -> None:
    """Be a member of the group for a moment, again and again."""
    while True:
        member = AIOKafkaConsumer(
            topic, bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False, session_timeout_ms=6_000
        )
        try:
            await member.start()
            print("joined", flush=True)
            await asyncio.sleep(random.uniform(0.1, 1))
        finally:
            await member.stop()
        await asyncio.sleep(random.uniform(0.1, 1))


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    try:
        if what == "write":
            asyncio.run(write(words[0], words[1], int(words[2]), int(words[3])))
        else:
            asyncio.run(join(words[0], words[1], words[2]))
    except (KafkaError, OSError) as problem:  # the trouble reaches strangers as well
        sys.exit(f"{problem!r}")
