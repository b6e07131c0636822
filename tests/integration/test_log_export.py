"""The raw log as it is exported, over HTTP and at a terminal, held against what Kafka holds."""

import asyncio
import json
import random
import sys
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from tests.integration.test_projector import NotUtf8, append_garbage
from tests.support.clients.terminals import at_a_terminal, timeline
from tests.support.inputs.log_writing import LogWriter, open_log, read_log, recording
from tests.support.running.engines import Engines
from tests.support.running.free_ports import free_port
from tests.support.running.processes import Service
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack
from tests.support.waiting import wait_until

from local_stack.topic import create_topic
from service_edge.kafka_access import KafkaAccess
from timeline_service.adapters.kafka.lenient import LenientRecords
from timeline_service.judge.decoding import RawRecord
from timeline_service.replay.archive import Archive

PATH: Final = "/v1/log/export"
LARGE: Final = 24


@dataclass
class Log:
    """A service on a log with everything that can stand in one, and what Kafka says of it."""

    stack: TimelineStack
    records: dict[int, list["ConsumerRecord[bytes, bytes]"]]
    ends: dict[int, int]

    @property
    def url(self) -> str:
        """Where the service is."""
        return str(self.stack.client.base_url)

    @property
    def service(self) -> Service:
        """The timeline service."""
        return next(each for each in self.stack.services.all if each.process.name == "timeline")

    async def export(self, **query: Any) -> bytes:
        """The body of a 200; `from_` is sent as `from`."""
        answer = await self.stack.client.get(PATH, params={name.rstrip("_"): value for name, value in query.items()})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/x-ndjson"
        return answer.content

    async def whole(self) -> bytes:
        """All partitions, one after the other."""
        return b"".join([await self.export(partition=number) for number in range(3)])

    def connections(self) -> int:
        """How many connections the service has to Kafka."""
        port = int(self.stack.services.bootstrap_servers.rpartition(":")[2])
        open_ = psutil.Process(self.service.pid).net_connections("tcp")
        return sum(bool(each.raddr) and each.raddr.port == port and each.status == "ESTABLISHED" for each in open_)


@pytest.fixture(scope="module")
async def log(engines: Engines) -> AsyncIterator[Log]:
    async with timeline_stack(engines) as stack:
        await stack.append(*(recording(f"event {number}") for number in range(30)))
        await append_garbage(stack.log)
        await append_odd(stack.log)
        chance = random.Random(17)
        for _ in range(LARGE):
            await stack.log.append_bytes(None, chance.randbytes(500_000), (), partition=2)
        bootstrap_servers, topic = stack.services.bootstrap_servers, stack.services.topic
        async with open_log(bootstrap_servers, topic, compression="zstd") as compressed:
            await compressed.append(*(recording(f"compressed {number}") for number in range(30)))
        await append_transactions(bootstrap_servers, topic)
        with pytest.MonkeyPatch.context() as patch:  # to read the odd header in this process
            patch.setattr(fetcher, "MemoryRecords", LenientRecords)
            records = await read_log(bootstrap_servers, topic)
        status = await stack.get("/v1/status")
        yield Log(
            stack,
            {number: list(found) for number, found in groupby(records, lambda record: record.partition)},
            {item["partition"]: item["log_end"] for item in status["partitions"]},
        )


async def append_odd(log: LogWriter) -> None:
    """A record with a header whose name is not UTF-8, on partition 0."""
    with pytest.MonkeyPatch.context() as patch:  # aiokafka's builder in C refuses such a name
        patch.setattr("aiokafka.producer.message_accumulator.DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
        batch = log.producer.create_batch()
    batch.append(key=b"odd", value=b"", timestamp=None, headers=[(NotUtf8("x"), b"value"), ("y", None)])
    batch.close()
    await (await log.producer.send_batch(batch, log.topic, partition=0))


async def append_transactions(bootstrap_servers: str, topic: str) -> None:
    """Records of a transaction that is committed and of one that is not: each leaves a marker, the last at the end."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers, transactional_id=topic) as producer:
        async with producer.transaction():
            for number in range(3):
                await producer.send(topic, b"committed", partition=number)
        await producer.begin_transaction()
        await (await producer.send(topic, b"aborted", partition=1))
        await producer.abort_transaction()


async def test_an_export_is_what_kafka_holds_and_anybody_can_check_it(log: Log) -> None:
    for number, records in log.records.items():
        head, *lines, end = (await log.export(partition=number)).splitlines()
        topic = log.stack.services.topic
        wanted = {"topic": topic, "partitions": 3, "partition": number, "from": 0, "to": log.ends[number]}
        assert json.loads(head) == wanted
        assert list(json.loads(head)) == list(wanted)
        told = [json.loads(line)["gap"] for line in lines if line.startswith(b'{"gap":')]
        passed = [offset for gap in told for offset in range(gap["from"], gap["to"])]
        assert sorted([*passed, *(record.offset for record in records)]) == [*range(log.ends[number])]
        assert len(passed) == (2 if number == 1 else 1), "the markers of transactions"
        assert all(gap["partition"] == number for gap in told)
        assert json.loads(end) == {
            "end": {"partition": number, "records": len(records), "next_offset": log.ends[number]}
        }
        lines = [line for line in lines if not line.startswith(b'{"gap":')]
        assert len(lines) == len(records)
        for line, record in zip(lines, records, strict=True):
            read = json.loads(line)
            headers = [(name, raw(value)) for name, value in read["headers"]]
            assert read["position"] == f"{number}:{record.offset}"
            assert (read["timestamp"], read["timestamp_type"]) == (record.timestamp, "LogAppendTime")
            assert (raw(read["key"]), raw(read["value"]), headers) == (record.key, record.value, list(record.headers))
            exported = json.dumps(read["headers"], ensure_ascii=False, separators=(",", ":")).encode()
            hashes = {"key": hash_of(record.key), "value": hash_of(record.value), "headers": hash_of(exported)}
            assert read["sha256"] == hashes
    values = {record.value for records in log.records.values() for record in records}
    assert {None, b"", b"committed", b"aborted"} < values
    assert ("\\xff\\xfe", b"value") in {header for record in log.records[0] for header in record.headers}


def raw(written: str | None) -> bytes | None:
    return None if written is None else b64decode(written, validate=True)


def hash_of(content: bytes | None) -> str | None:
    return None if content is None else sha256(content).hexdigest()


async def test_a_range_is_a_part_of_the_whole_and_the_same_bytes_every_time(log: Log) -> None:
    end = log.ends[1]
    head, *lines = (await log.export(partition=1)).splitlines(keepends=True)
    by_offset = {int(json.loads(line)["position"][2:]): line for line in lines if line.startswith(b'{"position":')}
    markers = [offset for offset in range(end) if offset not in by_offset]
    assert len(markers) == 2
    by_offset |= {offset: b'{"gap":{"partition":1,"from":%d,"to":%d}}\n' % (offset, offset + 1) for offset in markers}
    first, last = markers
    ranges = ((0, 0), (0, 1), (3, 9), (first, first + 1), (first, end), (first + 1, last), (last, end), (0, first))
    for start, to in (*ranges, (end, end), (0, end)):
        got = await log.export(partition=1, from_=start, to=to)
        opening = head.replace(b'"from":0', b'"from":%d' % start).replace(b'"to":%d' % end, b'"to":%d' % to)
        records = sum(start <= offset < to for offset in by_offset if offset not in markers)
        closing = b'{"end":{"partition":1,"records":%d,"next_offset":%d}}\n' % (records, to)
        between = b"".join(by_offset[offset] for offset in range(start, to))
        assert got == opening + between + closing
        assert got == await log.export(partition=1, from_=start, to=to)


async def test_an_export_answers_as_other_reads_do(log: Log) -> None:
    client = log.stack.client
    plain = await client.get(PATH, params={"partition": 0}, headers={"accept-encoding": "identity"})
    packed = await client.get(PATH, params={"partition": 0}, headers={"accept-encoding": "gzip"})
    assert (packed.headers["content-encoding"], packed.content) == ("gzip", plain.content)
    assert packed.headers["etag"] != plain.headers["etag"]
    assert plain.headers["timeline-position"] == f"0:{log.ends[0] - 1}"
    head = await client.head(PATH, params={"partition": 0}, headers={"accept-encoding": "identity"})
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", plain.headers["etag"])
    for answer in (plain, packed):
        condition = {"if-none-match": answer.headers["etag"], "accept-encoding": "gzip"}
        same = await client.get(PATH, params={"partition": 0, "to": log.ends[0]}, headers=condition)
        assert same.status_code == (304 if answer is packed else 200)
    other = await client.get(PATH, params={"partition": 0, "to": 1}, headers={"if-none-match": packed.headers["etag"]})
    assert other.status_code == 200
    position = f"0:{log.ends[0] - 1},2:0"
    assert (await client.get(PATH, params={"partition": 1, "min_position": position})).status_code == 200
    beyond = await client.get(PATH, params={"partition": 1}, headers={"timeline-position": f"0:{log.ends[0]}"})
    assert (beyond.status_code, beyond.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    ("query", "pointer", "words"),
    [
        ("", "/partition", "is missing: give one from 0 to 2"),
        ("?from=0&to=1", "/partition", "is missing: give one from 0 to 2"),
        ("?partition=3", "/partition", "the log has no partition 3: give one from 0 to 2"),
        ("?partition=-1", "/partition", "greater than or equal to 0"),
        ("?partition=x", "/partition", "is not a whole number"),
        ("?partition=0&partition=1", "/partition", "more than once"),
        ("?partition=0&from=5&to=4", "/from", "5 is behind to: give 4 at most"),
        ("?partition=0&from=999999", "/from", "999999 is behind the end of the log: give {end} at most"),
        ("?partition=0&to=999999", "/to", "999999 is behind the end of partition 0: give {end} at most"),
        ("?partition=0&to=1.0", "/to", "is not a whole number"),
        ("?partition=0&limit=1", "/limit", "is not a parameter"),
        ("?partition=0&min_position=7:0", "/min_position", "the log has no partition 7"),
    ],
)
async def test_a_range_that_cannot_be_is_refused(log: Log, query: str, pointer: str, words: str) -> None:
    problem = await log.stack.refusal(f"{PATH}{query}")
    assert (problem["status"], problem["errors"][0]["pointer"]) == (400, pointer)
    assert words.format(end=log.ends[0]) in problem["errors"][0]["detail"]


async def test_a_log_whose_beginning_was_deleted_says_where_it_begins(log: Log) -> None:
    bootstrap_servers, topic = log.stack.services.bootstrap_servers, f"{log.stack.services.topic}.deleted"
    await create_topic(KafkaAccess(bootstrap_servers), topic, partitions=1)
    async with open_log(bootstrap_servers, topic) as other:
        await other.append(*(recording(f"event {number}") for number in range(5)))
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(3)})
    finally:
        await admin.close()
    service = await log.stack.services.timeline("deleted", TIMELINE_TOPIC=topic)
    async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client:
        head, *lines, _ = (await client.get(f"{PATH}?partition=0")).text.splitlines()
        assert (json.loads(head)["from"], json.loads(head)["to"], len(lines)) == (3, 5, 2)
        refused = await client.get(f"{PATH}?partition=0&from=2")
    assert refused.status_code == 400
    assert refused.json()["detail"] == "from: the records before 3 were deleted: give a number from 3 to 5"
    await service.terminate()


async def test_without_kafka_an_export_is_unavailable(log: Log) -> None:
    away = await log.stack.services.timeline("away", KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    async with httpx.AsyncClient(base_url=away.url, timeout=30, trust_env=False) as client:
        for query in ("?partition=0", ""):
            answer = await client.get(f"{PATH}{query}")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), answer.text
    status, output, complaints = await timeline("export", "--url", away.url)
    assert (status, output) == (3, "")
    assert "Kafka is out of reach" in complaints
    await away.terminate()


async def test_few_read_at_once_and_a_connection_ends_with_its_export(log: Log) -> None:
    await log.stack.client.head(PATH, params={"partition": 2})
    before = log.connections()
    async with AsyncExitStack() as open_:
        starts = [
            await open_.enter_async_context(log.stack.client.stream("GET", PATH, params={"partition": 2}))
            for _ in range(6)
        ]
        await wait_until(lambda: log.connections() >= before + 4)
        most = log.connections()
        waiting = asyncio.create_task(log.export(partition=0, to=1))
        assert [answer.status_code for answer in starts] == [200] * 6
        assert not waiting.done()
        # Two, to the broker as its address has it and as it calls itself, while an export begins.
        assert most <= before + 8
    assert await waiting
    await wait_until(lambda: log.connections() <= before)
    assert "Traceback" not in log.service.log


async def test_who_takes_nothing_is_cut_off_and_can_go_on(log: Log) -> None:
    hasty = await log.stack.services.timeline("hasty", TIMELINE_SLOW_SECONDS="0.3")
    async with httpx.AsyncClient(base_url=hasty.url, timeout=30, trust_env=False) as client:
        plainly = {"accept-encoding": "identity"}
        async with client.stream("GET", PATH, params={"partition": 2}, headers=plainly) as answer:
            pieces = answer.aiter_raw()
            got = bytearray(await anext(pieces))
            await wait_until(lambda: "export cut off" in hasty.log)
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                await take(pieces, got)
        await wait_until(lambda: hasty.log.count("the client took nothing for 0.3 s") == 2)  # first and last
        whole = bytes(got[: got.rindex(b"\n") + 1])
        following = int(json.loads(whole.splitlines()[-1])["position"].partition(":")[2]) + 1
    rest = await log.export(partition=2, from_=following)  # of a patient service: this machine may be busy
    *rest_of_it, _ = rest.partition(b"\n")[2].splitlines(keepends=True)
    *all_of_it, _ = (await log.export(partition=2)).splitlines(keepends=True)
    assert whole + b"".join(rest_of_it) == b"".join(all_of_it)
    await hasty.terminate()


async def take(pieces: AsyncIterator[bytes], got: bytearray) -> None:
    async for piece in pieces:
        got += piece


async def test_the_command_exports_the_log_to_a_pipe(log: Log) -> None:
    status, output, complaints = await timeline("export", TIMELINE_URL=log.url)
    whole = await log.whole()
    assert (status, output.encode()) == (0, whole)
    records = sum(len(found) for found in log.records.values())
    assert complaints == f"exported {records} records, {len(whole)} bytes\n"
    _, output, _ = await timeline("export", "--partition", "1", "--partition", "0", TIMELINE_URL=log.url)
    assert output.encode() == await log.export(partition=0) + await log.export(partition=1)
    _, output, _ = await timeline("export", "--partition", "0", "--from", "2", "--to", "5", TIMELINE_URL=log.url)
    assert output.encode() == await log.export(partition=0, from_=2, to=5)


async def test_a_file_is_gone_on_with_wherever_it_was_cut(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    first, second = await log.export(partition=0), await log.export(partition=1)
    whole = first + second
    head, line_end = first.index(b"\n") + 1, whole.index(b"\n", len(first) + 5_000) + 1
    command = ("export", "--partition", "0", "--partition", "1", "--output", str(file), "--url", log.url)
    end, marker = (first.rindex(part) for part in (b'{"end":', b'{"gap":'))
    cuts = (0, 5, head, marker, marker + 3, end, end + 3, len(first) - 1, len(first), line_end, line_end + 100)
    for size in (*cuts, len(whole)):
        file.write_bytes(whole[:size])
        status, output, complaints = await timeline(*command)
        assert (status, output) == (0, ""), complaints
        assert file.read_bytes() == whole, size
    assert "was whole already: name another file for what has come since" in complaints


async def test_a_file_with_a_range_is_gone_on_with_to_its_end_as_it_was(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    whole = await log.export(partition=0, to=9)
    file.write_bytes(whole[: len(whole) // 2])
    status, _, complaints = await timeline("export", "--partition", "0", "--output", str(file), "--url", log.url)
    assert (status, file.read_bytes()) == (0, whole), complaints


async def test_a_file_at_a_terminal_has_a_bar_and_a_last_line_and_is_an_archive(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    shown = await at_a_terminal("export", "--output", str(file), "--url", log.url, columns=100)
    assert "partition 2 of 3" in shown
    assert f"{file.stat().st_size} bytes" in shown
    archive = Archive(file)
    assert archive.next_offsets == tuple(log.ends[number] for number in range(3))
    for number, records in log.records.items():
        assert [record for batch in archive.records(number) for record, _ in batch] == [
            RawRecord(number, each.offset, each.timestamp, each.key, each.value, tuple(each.headers))
            for each in records
        ]


async def test_a_file_with_another_export_is_left_alone(log: Log, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    part = await log.export(partition=0, to=3)
    head = part[: part.index(b"\n") + 1]
    for content, words, complaint in (
        (head.replace(b'"partition":0', b'"partition":1'), (), "line 1: partition is 1: expected 0"),
        (head * 2, (), "line 2: begins another range, and partition 0 breaks off at 0"),
        (part, ("--partition", "0", "--to", "4"), "line 1: to is 3: expected 4"),
        (part + part, ("--partition", "0"), "line 6: is more than is to be exported"),
        (head.replace(log.stack.services.topic.encode(), b"another"), (), "does not fit: line 1: it is another log"),
    ):
        file.write_bytes(content)
        status, output, complaints = await timeline("export", *words, "--output", str(file), "--url", log.url)
        assert (status, output) == (1, ""), complaints
        assert complaint in complaints
        assert file.read_bytes() == content


async def test_exit_statuses_say_why_there_is_no_export(log: Log, tmp_path: Path) -> None:
    assert (await timeline("export", "--from", "1", "--url", log.url))[0] == 2
    assert (await timeline("export", "--partition", "0", "--partition", "1", "--to", "1", "--url", log.url))[0] == 2
    status, _, complaints = await timeline("export", "--partition", "7", "--url", log.url)
    assert (status, "the log has no partition 7" in complaints) == (1, True)
    status, _, complaints = await timeline("export", "--output", str(tmp_path / "no" / "file"), "--url", log.url)
    assert (status, "No such file" in complaints) == (1, True)
    status, _, complaints = await timeline("export", "--url", "http://127.0.0.1:1")
    assert (status, "out of reach" in complaints) == (3, True)


async def test_an_export_goes_on_when_the_service_has_been_away(log: Log) -> None:
    fleeting = await log.stack.services.timeline("fleeting")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "timeline_service.cli", "export", "--partition", "2", "--url", fleeting.url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    begun = await child.stdout.readline()  # it waits now for us to take the rest, and the service for it
    await fleeting.kill()
    fleeting.start()
    await fleeting.ready()
    output, complaints = await child.communicate()
    assert (child.returncode, b"trying again" in complaints) == (0, True), complaints
    assert begun + output == await log.export(partition=2)
    await fleeting.terminate()
