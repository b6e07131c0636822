"""What a projection's tables hold, and whether that is the fold of the log."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import asyncpg
from aiokafka import ConsumerRecord
from aiokafka.partitioner import murmur2
from tests.support.inputs.log_writing import read_log
from tests.support.inputs.vector_text import vector_text
from tests.support.models.plain_fold import fold_plainly
from tests.support.models.tables import PairCount, PlainCheckpoint, PlainOutcome, PlainRevision, Tables
from tests.support.running.processes import Services
from tests.support.waiting import wait_until

from timeline_service.adapters.postgres.days import use_days
from timeline_service.domain.search_documents import document_of
from timeline_service.judge.batch_counts import BatchCountRow
from timeline_service.judge.decoding import DecodedRecord, RawRecord, decode_record
from timeline_service.judge.entries import event_content
from timeline_service.judge.rows import EntryRow


def arrivals_of(records: Iterable[ConsumerRecord[bytes, bytes]], partitions: int = 3) -> list[DecodedRecord]:
    """The log's records as they arrive, with the times that the contract gives them."""
    latest: dict[int, datetime] = {}
    decoded_records = []
    for record in records:
        moment = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        latest[record.partition] = max(moment, latest.get(record.partition, moment))
        raw = RawRecord(
            record.partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers)
        )
        decoded_records.append(
            decode_record(raw, latest[record.partition], lambda key: int((murmur2(key) & 0x7FFFFFFF) % partitions))
        )
    return decoded_records


async def read_tables(url: str, generation: int = 1) -> Tables:
    """What the tables of a generation hold."""
    connection = await asyncpg.connect(url)
    await use_days(connection)
    try:

        async def read(table: str, fields: Iterable[str], where: str = "true") -> Sequence[asyncpg.Record]:
            columns = ", ".join(f'"{name}"' + ("::text" if name == "event_id" else "") for name in fields)
            return await connection.fetch(f"select {columns} from timeline_g{generation}.{table} where {where}")

        return Tables(
            [PlainRevision(*row) for row in await read("revisions", PlainRevision._fields)],
            [EntryRow(*row) for row in await read("entries", EntryRow._fields)],
            [PlainOutcome(*row) for row in await read("outcomes", PlainOutcome._fields)],
            [PairCount(*row) for row in await read("pair_counts", PairCount._fields)],
            [BatchCountRow(*row) for row in await read("batch_counts", BatchCountRow._fields)],
            [PlainCheckpoint(*row) for row in await read("checkpoints", PlainCheckpoint._fields, "next_offset > 0")],
        ).sort()
    finally:
        await connection.close()


async def projected(services: Services, timeout: float = 60, generation: int = 1) -> Tables:
    """What the tables of a generation hold once they have reached the log's end; asserts that it is the log's fold."""
    wanted = fold_plainly(arrivals_of(await read_log(services.bootstrap_servers, services.topic)))
    ends = {held.partition: held.next_offset for held in wanted.checkpoints}

    async def at_the_end() -> bool:
        connection = await asyncpg.connect(services.database_url)
        try:
            rows = await connection.fetch(f"select partition, next_offset from timeline_g{generation}.checkpoints")
        finally:
            await connection.close()
        return {row["partition"]: row["next_offset"] for row in rows if row["next_offset"]} == ends

    await wait_until(at_the_end, timeout, ignore=(OSError, asyncpg.PostgresError))
    found = await read_tables(services.database_url, generation)
    for name in ("checkpoints", "outcomes", "revisions", "entries", "pair_counts", "batch_counts"):
        missing, extra = _difference(getattr(wanted, name), getattr(found, name))
        assert not missing, f"{name} misses {missing[:3]}, has {extra[:3]}"
        assert not extra, f"{name} has {extra[:3]}"
    await documents_follow(services.database_url, timeout, generation)
    return found


async def documents_follow(url: str, timeout: float = 60, generation: int = 1) -> None:
    """Assert that there comes to be one document for each revision, with its span, its facets and its words."""
    connection = await asyncpg.connect(url)
    schema = f"timeline_g{generation}"
    try:

        async def level() -> bool:
            return bool(
                await connection.fetchval(
                    f"select coalesce(bool_and(coalesce(s.next_offset, 0) >= c.next_offset), true) "
                    f"from {schema}.checkpoints as c left join {schema}.search_checkpoints as s using (partition)"
                )
            )

        await wait_until(level, timeout)
        rows = await connection.fetch(
            f"select r.content, r.batch, d.facets, d.words::text as words, r.partition, r.from_offset, "
            f"(r.until_offset is null and r.action <> 'retracted')::int as current, "
            f"(r.partition, r.from_offset, r.until_offset, r.action = 'retracted', r.first_accepted_at)::text as made, "
            f"(d.partition, d.from_offset, d.until_offset, d.retracted, d.accepted_at)::text as kept "
            f"from {schema}.revisions as r full join {schema}.documents as d using (event_id, revision)"
        )
        names: dict[tuple[int, str], list[tuple[int, str, int]]] = {}
        for row in rows:
            assert row["made"] == row["kept"]
            document = document_of(event_content(row["content"]), row["batch"])
            assert sorted(row["facets"]) == sorted(document.facets)
            for facet, spelling in document.spellings.items():
                names.setdefault((row["partition"], facet), []).append((row["from_offset"], spelling, row["current"]))
            assert row["words"] == await connection.fetchval(
                "select $1::text::tsvector::text", vector_text(document.vector)
            )
        counted = {key: (*min(found)[:2][::-1], sum(each[2] for each in found)) for key, found in names.items()}
        assert await counted_names(url, generation) == counted
    finally:
        await connection.close()


async def counted_names(url: str, generation: int = 1) -> dict[tuple[int, str], tuple[str, int, int]]:
    """How each name is spelled, since when, and how many events have it, by partition and facet."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(f"select * from timeline_g{generation}.name_counts")
    finally:
        await connection.close()
    return {(row["partition"], row["facet"]): (row["spelling"], row["spelled_at"], row["events"]) for row in rows}


def _difference(wanted: Sequence[object], found: Sequence[object]) -> tuple[list[object], list[object]]:
    before, after = Counter(wanted), Counter(found)
    return list((before - after).elements()), list((after - before).elements())
