"""A log that was lost, put back into an empty Kafka from its exports."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from tests.faults.test_log_guard import administering, change, rows
from tests.faults.test_projector_faults import busy_log
from tests.integration.test_projector import append_garbage
from tests.integration.test_signing import append_signed, outcome
from tests.support.clients.terminals import timeline
from tests.support.inputs.log_writing import open_log, read_log, recording
from tests.support.inputs.signed_records import key_line, signed_headers, signer
from tests.support.running.engines import own_kafka
from tests.support.running.processes import Services
from tests.support.running.projections import projected, read_tables
from tests.support.running.replaying import verified
from tests.support.waiting import wait_until

from event_schemas.records import HEADERS, encode_value
from service_edge.kafka_access import KafkaAccess
from service_edge.topic_check import TopicUnfitError, check_topic
from timeline_service.domain.exports import End, ExportHeader, Gap, write_end, write_gap, write_header, write_record
from timeline_service.domain.replays import Progress
from timeline_service.judge.decoding import RawRecord
from timeline_service.replay.archive import Archive
from timeline_service.replay.restoration import Restoration

OLD = 1_500_000_000_000  # milliseconds: in 2017, when no test ran


@pytest.fixture
def lost(kafka: str) -> Services:
    """A log that is nowhere: where it was there is none of its name."""
    return Services(Path(), kafka, f"test.{uuid4().hex}", "")


def raw(partition: int, offset: int, **fields: Any) -> RawRecord:
    whole: dict[str, Any] = {"key": b"key", "value": f"{offset}".encode(), "headers": HEADERS, **fields}
    return RawRecord(partition, offset, whole.pop("timestamp", OLD + 10 * offset), **whole)


def part(topic: str, records: Sequence[RawRecord], end: int, *, partition: int = 0, partitions: int = 1) -> bytes:
    """The export of a partition."""
    lines, at = [write_header(ExportHeader(topic, partitions, partition, 0, end))], 0
    for record in records:
        lines += [write_gap(Gap(partition, at, record.offset))] if record.offset > at else []
        lines += [write_record(record, "LogAppendTime")]
        at = record.offset + 1
    lines += [write_gap(Gap(partition, at, end))] if end > at else []
    return b"".join([*lines, write_end(End(partition, len(records), end))])


async def restored(lost: Services, *files: Path, words: Sequence[str] = (), status: int = 0, **environment: str) -> str:
    """What the command says; asserts how it ends."""
    command = ("restore", "--into", lost.bootstrap_servers, *words, *map(str, files))
    ended, output, complaints = await timeline(*command, **environment)
    assert ended == status, output + complaints
    return complaints if status else output


async def log_of(services: Services) -> list[RawRecord]:
    """The records that are there."""
    records = await read_log(services.bootstrap_servers, services.topic)
    return [RawRecord(r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in records]


async def reached(services: Services, ends: Sequence[int]) -> None:
    """Wait until the projection is behind all records and markers."""

    async def there() -> bool:
        found = await rows(services, "select next_offset from timeline_g1.checkpoints order by partition")
        return [row[0] for row in found] == list(ends)

    await wait_until(there)


@pytest.fixture
async def another_kafka() -> AsyncIterator[str]:
    async with own_kafka() as engine:
        yield engine.address


async def fill_oddly(services: Services) -> None:
    """Append records of all kinds, ours and others', with markers between and behind them."""
    servers, topic = services.bootstrap_servers, services.topic
    async with AIOKafkaProducer(bootstrap_servers=servers, transactional_id=topic) as producer:
        for number in range(3):
            async with producer.transaction():
                await producer.send(topic, f"{number}".encode(), partition=1)
    async with open_log(servers, topic) as log:
        await log.append(*busy_log(200, 7))
        await append_garbage(log)
        nothing = log.producer.create_batch()
        nothing.append(timestamp=None, key=None, value=None)
        await (await log.producer.send_batch(nothing, topic, partition=2))
        await log.append_bytes(b"", b"", [("one", None), ("two", b"\xff"), ("one", b"")], partition=0)
    last_one = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=topic)
    async with last_one, last_one.transaction():  # its marker is the last of the partition
        await last_one.send(topic, b"last", partition=0)


async def test_a_projection_goes_on_from_a_log_that_was_restored_into_another_kafka(
    services: Services, another_kafka: str, tmp_path: Path
) -> None:
    services.migrate()
    projector, replayer = await services.projector(), await services.replayer()
    service = await services.timeline()
    topic = services.topic
    await fill_oddly(services)
    before = await log_of(services)
    files = []
    for partition in range(3):
        files.append(tmp_path / f"{partition}.ndjson")
        command = ("export", "--partition", f"{partition}", "--output", f"{files[-1]}", "--url", service.url)
        assert (await timeline(*command))[0] == 0
    ends = Archive(*files).next_offsets
    await reached(services, ends)
    digest, shown = (await verified(services))["digest"], await read_tables(services.database_url)
    for process in (projector, replayer):
        await process.terminate()

    elsewhere = Services(services.state_dir, another_kafka, topic, services.database_url)
    said = await restored(elsewhere, *files)
    cluster = (await check_topic(KafkaAccess(another_kafka), topic)).cluster_id
    assert said == (
        f"restored {len(before)} records in 3 partitions of {topic}\nthe log is in the Kafka cluster {cluster} now\n"
    )
    assert await log_of(elsewhere) == before

    try:
        stranger = await elsewhere.projector("stranger")  # nobody has said that this is the log
        await stranger.ended()
        assert "this one is " + cluster in stranger.log
        said = await restored(elsewhere, *files, words=["--projection"], DATABASE_URL=services.database_url)
        assert said.startswith("nothing to do: ")
        assert "generation 1 goes on from there; it was in " in said
        await elsewhere.projector("again")
        await elsewhere.replayer("replayer-again")
        await reached(elsewhere, ends)
        assert (await verified(elsewhere))["digest"] == digest
        assert await read_tables(services.database_url) == shown
        async with open_log(another_kafka, topic) as log:
            (position,) = await log.append(recording("what comes after the loss"))
        partition, offset = map(int, position.split(":"))
        await reached(elsewhere, [offset + 1 if number == partition else end for number, end in enumerate(ends)])
        assert len((await read_tables(services.database_url)).revisions) == len(shown.revisions) + 1
        *_, last = sorted(await read_log(another_kafka, topic), key=lambda record: record.timestamp)
        assert last.timestamp_type == 1  # the broker's own, as it was before
        assert {record.timestamp_type for record in await read_log(another_kafka, topic)} == {0, 1}
        await verified(elsewhere)
    finally:
        await elsewhere.stop()


async def test_what_was_signed_is_still_trusted_in_a_log_that_was_restored(
    services: Services, another_kafka: str, tmp_path: Path
) -> None:
    trusted, file = tmp_path / "trusted.jsonl", tmp_path / "log.ndjson"
    trusted.write_text(key_line(signer(1)))
    keys = {"TIMELINE_TRUSTED_KEYS_FILE": str(trusted)}
    services.migrate(**keys)
    projector, replayer = await services.projector(**keys), await services.replayer(**keys)
    service = await services.timeline(**keys)
    signed, traced, forged = recording("signed"), recording("signed and traced"), recording("forged")
    parent = ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await append_signed(log, signer(1), signed)
        await log.append_bytes(
            traced.event_id.encode(), encode_value(traced), [*signed_headers(signer(1), traced), parent]
        )
        (position,) = await log.append(forged)
    assert await outcome(service, position) == ("rejected", "unsigned")
    digest = (await verified(services))["digest"]
    before = await log_of(services)
    assert (await timeline("export", "--output", f"{file}", "--url", service.url))[0] == 0
    for process in (projector, replayer):
        await process.terminate()

    elsewhere = Services(services.state_dir, another_kafka, services.topic, services.database_url)
    await restored(elsewhere, file, words=["--projection"], DATABASE_URL=services.database_url)
    assert await log_of(elsewhere) == before
    try:
        await elsewhere.projector("again", **keys)
        await elsewhere.replayer("replayer-again", **keys)
        assert (await verified(elsewhere))["digest"] == digest
        assert len((await read_tables(services.database_url)).revisions) == 2
    finally:
        await elsewhere.stop()


async def test_gaps_and_times_are_those_of_before(lost: Services, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    places = [2, 3, 7, 8]
    records = [raw(1, place, timestamp=OLD - place, value=b"x" * 100_000) for place in places]  # a clock steps back
    file.write_bytes(
        part(lost.topic, [], 0, partitions=3)
        + part(lost.topic, records, 12, partition=1, partitions=3)
        + part(lost.topic, [], 2, partition=2, partitions=3)
    )
    assert (await restored(lost, file)).startswith("restored 4 records in 3 partitions")
    assert await log_of(lost) == records
    async with open_log(lost.bootstrap_servers, lost.topic) as log:
        positions = [await log.append_bytes(None, b"more", partition=number) for number in range(3)]
    assert positions == ["0:0", "1:12", "2:2"]
    assert (await restored(lost, file)).startswith("nothing to do: 4 records")  # more has come since


async def test_a_record_that_only_fits_compressed_is_restored(lost: Services, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    records = [raw(0, 0, value=b"large" * 1_000_000), raw(0, 1)]
    file.write_bytes(part(lost.topic, records, 2))
    await restored(lost, file)
    assert await log_of(lost) == records


async def test_a_restoration_that_is_broken_off_is_gone_on_with(lost: Services, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    records = [[raw(number, 2 * place) for place in range(40)] for number in range(2)]
    file.write_bytes(
        b"".join(part(lost.topic, records[number], 80, partition=number, partitions=2) for number in range(2))
    )

    def break_off(progress: Progress) -> None:
        if progress.phase == "sending" and progress.partitions[0].records:
            raise InterruptedError

    restoration = Restoration(Archive(file), KafkaAccess(lost.bootstrap_servers), break_off)
    with pytest.raises(InterruptedError):
        await restoration.run(restoration.verify(), replace_empty=False)
    assert 0 < len(await log_of(lost)) < 80
    with pytest.raises(TopicUnfitError, match=r"message\.timestamp\.type is CreateTime"):  # which no service takes
        await check_topic(KafkaAccess(lost.bootstrap_servers), lost.topic)
    await restored(lost, file)
    assert await log_of(lost) == [*records[0], *records[1]]
    assert await check_topic(KafkaAccess(lost.bootstrap_servers), lost.topic)


async def test_a_transaction_that_was_left_open_is_ended_in_its_place(lost: Services, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    records = [raw(0, 3)]
    file.write_bytes(part(lost.topic, records, 5))
    begun = Restoration(Archive(file), KafkaAccess(lost.bootstrap_servers), _interrupt_sending)
    with pytest.raises(InterruptedError):
        await begun.run(begun.verify(), replace_empty=False)
    killed = AIOKafkaProducer(
        bootstrap_servers=lost.bootstrap_servers, transactional_id=f"timeline-restore.{lost.topic}"
    )
    await killed.start()
    try:
        await killed.begin_transaction()
        killed._txn_manager.maybe_add_partition_to_txn(TopicPartition(lost.topic, 0))
        await wait_until(lambda: killed._txn_manager.txn_partitions)
        await restored(lost, file)
        assert await log_of(lost) == records
    finally:
        with suppress(KafkaError):  # it was fenced
            await killed.stop()


def _interrupt_sending(progress: Progress) -> None:
    if progress.phase == "sending":
        raise InterruptedError


async def test_a_topic_that_is_there_is_left_alone(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    file.write_bytes(
        part(services.topic, [raw(0, 0)], 1, partitions=2) + part(services.topic, [], 0, partition=1, partitions=2)
    )
    assert "has 3 partitions there, the exports 2" in await restored(services, file, status=1)
    whole = [part(services.topic, [raw(number, 0)], 1, partition=number, partitions=3) for number in range(3)]
    file.write_bytes(b"".join(whole))
    assert "say --replace-empty" in await restored(services, file, status=1)
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append_bytes(None, b"mine", partition=1)
    before = await log_of(services)
    for words in ([], ["--replace-empty"]):
        assert "is not empty there, and is not what is to be restored" in await restored(
            services, file, words=words, status=1
        )
    async with administering(services) as admin:
        await change(admin, services.topic, message_timestamp_type="CreateTime")
    assert "partition 1 differs from the exports at 1:0" in await restored(services, file, status=1)
    assert await log_of(services) == before
    async with administering(services) as admin:
        await change(admin, services.topic, retention_ms="1000", message_timestamp_type="CreateTime")
    assert "retention.ms is 1000, expected -1" in await restored(services, file, status=1)


async def test_an_empty_topic_is_made_anew_if_that_is_said(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    records = [raw(number, 0) for number in range(3)]
    file.write_bytes(
        b"".join(
            part(services.topic, [record], 1, partition=number, partitions=3) for number, record in enumerate(records)
        )
    )
    await restored(services, file, words=["--replace-empty"])
    assert await log_of(services) == records


async def test_exports_that_are_not_a_whole_log_are_refused_before_anything_is_sent(
    lost: Services, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.ndjson", tmp_path / "two.ndjson"
    first = part(lost.topic, [raw(0, 0), raw(0, 1), raw(0, 2)], 3, partitions=2)
    second = part(lost.topic, [raw(1, 0)], 1, partition=1, partitions=2)
    lines = first.splitlines(keepends=True)
    changed = json.loads(lines[2]) | {"value": "AAAA"}
    other = part("another", [raw(1, 0)], 1, partition=1, partitions=2)
    for given, words in (
        ((first,), "partition 1 of 2 is missing: export all of them"),
        ((first, other), f"{two}, line 1: expected {lost.topic} with 2 partitions, as in line 1 of {one}"),
        ((b"".join(lines[:2] + lines[3:]), second), "The offsets from 1 to 2 are missing"),
        ((b"".join(lines[:-1]), second), "breaks off at 3 without its end"),
        ((first[:-9], second), "is not JSON"),
        ((first, first + second), "what is between is there twice"),
        (
            (b"".join([*lines[:2], json.dumps(changed, separators=(",", ":")).encode() + b"\n", *lines[3:]]), second),
            "was changed",
        ),
        ((b"", second), "the file is empty"),
        ((b"",), "the file is empty"),
    ):
        for file, content in zip((one, two), given, strict=False):
            file.write_bytes(content)
        assert words in await restored(lost, *(one, two)[: len(given)], status=1)
    assert "cannot be read" in await restored(lost, tmp_path / "nowhere", status=1)
    async with administering(lost) as admin:
        assert lost.topic not in await admin.list_topics()


async def test_a_projection_of_another_log_is_told_and_nothing_is_sent(
    services: Services, lost: Services, tmp_path: Path
) -> None:
    services.migrate()
    await services.projector()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        for partition in range(3):
            await log.append_bytes(None, b"one", partition=partition)
    await projected(services)
    file = tmp_path / "export.ndjson"
    for ends, words in (
        (1, "has projected something else than the record that the exports hold"),
        (0, "up to 1, and the"),
    ):
        records = [[raw(number, 0)][:ends] for number in range(3)]
        parts = [part(lost.topic, records[number], ends, partition=number, partitions=3) for number in range(3)]
        file.write_bytes(b"".join(parts))
        said = await restored(lost, file, words=["--projection"], status=1, DATABASE_URL=services.database_url)
        assert words in said
    file.write_bytes(part(lost.topic, [], 0))
    said = await restored(lost, file, words=["--projection"], status=1, DATABASE_URL=services.database_url)
    assert "knows 3 partitions, the exports 1: they are of another log" in said
    async with administering(lost) as admin:
        assert lost.topic not in await admin.list_topics()
    assert await rows(services, "select count(distinct cluster_id) from timeline_g1.checkpoints") == [(1,)]


async def test_what_is_out_of_reach_is_said(lost: Services, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    file.write_bytes(part(lost.topic, [raw(0, 0)], 1))
    nowhere = Services(Path(), "127.0.0.1:1", lost.topic, "")
    assert "Kafka is out of reach" in await restored(nowhere, file, status=3)
    said = await restored(
        lost, file, words=["--projection"], status=3, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"
    )
    assert "PostgreSQL is out of reach" in said
