"""Clients of Kafka leave no connection behind, whenever they are given up."""

import asyncio
import struct

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from tests.support.waiting import wait_until

from service_edge.kafka_clients import start_client

_API_VERSIONS, _METADATA = 18, 3


class MuteBroker:
    """Says which requests it knows, as every client asks at first, and answers nothing else."""

    def __init__(self) -> None:
        self.open = 0
        self.asked: list[int] = []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while True:
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                request = await reader.readexactly(size)
                key, _, correlation = struct.unpack(">hhi", request[:8])
                self.asked.append(key)
                if key == _API_VERSIONS:
                    versions = ((_API_VERSIONS, 0, 0), (_METADATA, 0, 5))
                    body = b"".join(struct.pack(">hhh", *each) for each in versions)
                    answer = struct.pack(">ihi", correlation, 0, len(versions)) + body
                    writer.write(struct.pack(">i", len(answer)) + answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


@pytest.mark.parametrize("kind", [AIOKafkaConsumer, AIOKafkaProducer, AIOKafkaAdminClient])
async def test_a_start_that_is_given_up_leaves_no_connection(
    kind: type[AIOKafkaConsumer | AIOKafkaProducer | AIOKafkaAdminClient],
) -> None:
    broker = MuteBroker()
    async with await asyncio.start_server(broker.take, "127.0.0.1", 0) as server:
        client = kind(bootstrap_servers=f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
        starting = asyncio.create_task(start_client(client))
        await wait_until(lambda: _METADATA in broker.asked)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        await wait_until(lambda: not broker.open)
        client._closed = True  # so that its end does not warn of what it never had
