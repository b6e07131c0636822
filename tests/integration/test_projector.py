from uuid import uuid4

import asyncpg
import pytest
from aiokafka.consumer import fetcher
from aiokafka.partitioner import murmur2
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from tests.support.inputs.log_writing import LogWriter, correcting, open_log, recording, retracting
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.waiting import wait_until

from event_schemas.partitions import partitions_of
from event_schemas.positions import parse_position
from event_schemas.records import CONTENT_TYPE, HEADERS, encode_value
from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess
from timeline_service.adapters.kafka.lenient import LenientRecords


async def test_records_become_rows(services: Services) -> None:
    services.migrate()
    await services.projector()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(recording("first"), recording("second", countries=["IN", "CN", "US"]))
        tables = await projected(services)
        assert len(tables.revisions) == 2
        assert len(tables.entries) == 4


async def test_whatever_stands_in_the_log_is_counted_and_blocks_nothing(services: Services) -> None:
    services.migrate()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        before = recording("before")
        await log.append(before)
        garbage = await append_garbage(log)
        unknown = recording("of a later version")
        value = encode_value(unknown).replace(b"recorded.v2", b"recorded.v9")
        parked = [
            await log.append_bytes(unknown.event_id.encode(), value),
            *await log.append(correcting(unknown.event_id, "behind it"), retracting(unknown.event_id)),
        ]
        await log.append(before, recording("after"), correcting(before.event_id, "corrected"))
        await services.projector()
        tables = await projected(services)
    outcomes = {(row.partition, row.offset): (row.outcome, row.problem) for row in tables.outcomes}
    assert {outcomes[parse_position(each)] for each in garbage} == {("rejected", "malformed")}
    assert [outcomes[parse_position(each)][0] for each in parked] == ["parked"] * 3
    total = sum(row.applied + row.duplicate + row.rejected + row.parked for row in tables.checkpoints)
    assert total == sum(row.next_offset for row in tables.checkpoints) == 3 + len(garbage) + len(parked) + 1
    connection = await asyncpg.connect(services.database_url)
    try:
        kept = await connection.fetch(
            'select partition, "offset", key, value, headers from timeline_g1.outcomes where headers is not null'
        )
    finally:
        await connection.close()
    bytes_kept = {f"{row['partition']}:{row['offset']}": (row["key"], row["value"]) for row in kept}
    assert set(bytes_kept) == {*garbage, *parked}
    assert bytes_kept[garbage[0]] == (None, b"\xff\x00garbage")
    assert bytes_kept[parked[0]] == (unknown.event_id.encode(), value)


async def test_a_record_that_is_vast_once_it_is_decompressed_blocks_nothing(services: Services) -> None:
    """A few kilobytes of a batch can hold more than PostgreSQL takes in a field, or than anybody wants to keep."""
    services.migrate()
    await services.projector()
    async with open_log(services.bootstrap_servers, services.topic, compression="gzip") as log:
        log.producer._max_request_size = 2**25
        vast = await log.append_bytes(str(uuid4()).encode(), bytes(2**24 + 1))
        await log.append(recording("after"))
        tables = await projected(services)
    (row,) = tables.outcomes
    assert ((row.partition, row.offset), row.outcome, row.problem) == (parse_position(vast), "rejected", "malformed")
    assert len(tables.revisions) == 1
    connection = await asyncpg.connect(services.database_url)
    try:
        kept = await connection.fetchrow("select key, value, headers, detail from timeline_g1.outcomes")
    finally:
        await connection.close()
    assert kept is not None
    assert (kept["key"], kept["value"], kept["headers"]) == (None, None, None)
    assert "at most 16777216 are read or kept" in kept["detail"]


async def append_garbage(log: LogWriter) -> list[str]:
    """Append records that are not ours; returns their positions."""
    good = recording("good words")
    key, value = good.event_id.encode(), encode_value(good)
    elsewhere = (int(murmur2(key) & 0x7FFFFFFF) + 1) % 3
    return [
        await log.append_bytes(None, b"\xff\x00garbage"),
        await log.append_bytes(key, b""),
        await log.append_bytes(key, None),
        await log.append_bytes(str(uuid4()).encode(), value),
        await log.append_bytes(b"not an id", value),
        await log.append_bytes(b"\xc3\x28" * 18, value),
        await log.append_bytes(key, value, partition=elsewhere),
        await log.append_bytes(key, value, ()),
        await log.append_bytes(key, value, [("content-type", None)]),
        await log.append_bytes(key, value.replace(b'"BAN"', b'"x"').replace(b"good words", b"bad \\u0000")),
        await log.append_bytes(key, b"[" * 1_000_000),
        await log.append_bytes(key, b'{"a":"' + b"x" * 1_000_000 + b'"}'),
    ]


async def test_a_foreign_header_does_no_harm(services: Services) -> None:
    services.migrate()
    await services.projector()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        good = recording("good words")
        headers = [*HEADERS, ("traceparent", None), ("odd", b"\xff")]
        await log.append_bytes(good.event_id.encode(), encode_value(good), headers)
        await log.append_bytes(good.event_id.encode(), encode_value(good), [("content-type", CONTENT_TYPE)] * 2)
        tables = await projected(services)
    assert len(tables.revisions) == 1
    assert [row.outcome for row in tables.outcomes] == ["duplicate"]


class NotUtf8(str):
    """A header's name as a client in C may write it."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe"


async def test_a_header_whose_name_is_not_utf8_blocks_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.migrate()
    projector = await services.projector()
    odd = recording("odd")
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*(recording(f"before {number}") for number in range(50)))
        with monkeypatch.context() as patch:  # aiokafka's builder in C refuses such a name
            patch.setattr(
                "aiokafka.producer.message_accumulator.DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy
            )
            batch = log.producer.create_batch()
        for headers in ([*HEADERS, (NotUtf8("x"), b"value")], [(NotUtf8("x"), b"value")]):
            batch.append(key=odd.event_id.encode(), value=encode_value(odd), timestamp=None, headers=headers)
        batch.close()
        partition = partitions_of([odd.event_id.encode()], 3)[odd.event_id.encode()]
        await (await log.producer.send_batch(batch, log.topic, partition=partition))
        await log.append(*(recording(f"after {number}") for number in range(50)))
        await wait_until(lambda: "not UTF-8" in projector.log)
        monkeypatch.setattr(fetcher, "MemoryRecords", LenientRecords)  # in this process, to read the log back
        tables = await projected(services)
    assert len(tables.revisions) == 101
    assert [(row.outcome, row.problem) for row in tables.outcomes] == [("rejected", "malformed")]


async def test_every_compression_is_read(services: Services) -> None:
    services.migrate()
    await services.projector()
    for compression in (None, "gzip", "snappy", "lz4", "zstd"):
        async with open_log(services.bootstrap_servers, services.topic, compression=compression) as log:
            await log.append(*(recording(f"{compression} {number}", summary="words " * 50) for number in range(20)))
    assert len((await projected(services)).revisions) == 100


async def test_a_correction_in_the_same_batch_moves_the_event(services: Services) -> None:
    services.migrate()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        events = [recording(f"event {number}", countries=["IN", "CN", "US"]) for number in range(20)]
        for event in events:
            await log.append(
                event,
                correcting(event.event_id, "moved", "2021", ["FR", "DE"]),
                retracting(event.event_id),
                correcting(event.event_id, "back", "2022", ["IN", "FR"]),
                correcting(event.event_id, "back", "2022", ["IN", "FR"]),
            )
        await services.projector()
        first = await projected(services)
        assert {(row.pair, row.events) for row in first.pair_counts if row.events} <= {
            ("FRA-IND", n) for n in range(21)
        }
        for event in events:  # and in batches of their own
            await log.append(correcting(event.event_id, "again", "2023", ["CN", "US"]))
            await log.append(retracting(event.event_id))
        tables = await projected(services)
    assert sum(row.events for row in tables.pair_counts) == 0
    assert len(tables.revisions) == 20 * 6


async def test_a_projector_stops_in_order(services: Services) -> None:
    services.migrate()
    projector = await services.projector()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(recording())
        await projected(services)
        await projector.terminate()
        assert "event=stopped" in projector.log
        assert "level=error" not in projector.log
        await log.append(*(recording(str(number)) for number in range(100)))
        projector.start()
        await projected(services)


async def test_a_projector_waits_for_its_topic_and_its_tables(services: Services) -> None:
    projector = await services.projector(TIMELINE_TOPIC=f"{services.topic}.later")
    await wait_until(lambda: "has no topic" in projector.log)
    await create_topic(KafkaAccess(services.bootstrap_servers), f"{services.topic}.later", partitions=3)
    await wait_until(lambda: "run timeline migrate" in projector.log)
    services.migrate()
    services.topic = f"{services.topic}.later"
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(recording())
        await projected(services)


@pytest.mark.parametrize("batch_records", [1, 3])
async def test_small_batches_give_the_same(services: Services, batch_records: int) -> None:
    services.migrate()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        for number in range(10):
            event = recording(str(number))
            await log.append(event, event, correcting(event.event_id, "new", countries=["IN", "US"]), event)
            await log.append(correcting(event.event_id, "newer"), retracting(event.event_id))
        await append_garbage(log)
        await services.projector(TIMELINE_BATCH_RECORDS=str(batch_records))
        await projected(services)
