"""What verifications and rebuilds must not trip over: odd logs, edits of any column, replayers that are cut off."""

from typing import Final

import asyncpg
from aiokafka import AIOKafkaProducer
from tests.faults.test_projector_faults import busy_log
from tests.integration.test_projector import append_garbage
from tests.support.inputs.log_writing import correcting, open_log, read_log, recording, retracting
from tests.support.running.processes import Services
from tests.support.running.projections import projected
from tests.support.running.replaying import replayed, verified

from event_schemas.countries import all_countries
from event_schemas.records import HEADERS, encode_value
from timeline_service.domain.comparisons import KEYS, key_text

#: One letter that folds to eighteen, in four words: Unicode's Sallallahou.
_FOUR_WORDS: Final = "\ufdfa"
_SIX_LETTERS: Final = "\u3300"


async def test_an_odd_log_is_projected_and_replayed_alike(services: Services) -> None:
    services.migrate()
    await services.projector()
    await services.replayer()
    many = [code for code, _ in all_countries()[:60]]
    crowded = recording("a crowd", countries=many, initiators=many[:20], goldstein=-0.0)
    wordy = recording("many words", summary=f"{_FOUR_WORDS} " * 4_200 + "beyond and beyond")
    endless = recording(_SIX_LETTERS * 300, actors=[_SIX_LETTERS * 300])  # longer than PostgreSQL takes a word
    turned = recording("of another writer", codes={"aa": "1", "zz": "2"})
    turned_value = encode_value(turned).replace(b'{"aa":"1","zz":"2"}', b'{"zz":"2","aa":"1"}')
    assert turned_value != encode_value(turned)
    producer = AIOKafkaProducer(bootstrap_servers=services.bootstrap_servers, transactional_id=services.topic)
    async with open_log(services.bootstrap_servers, services.topic) as log, producer:
        await append_garbage(log)
        await log.append(crowded, wordy, correcting(crowded.event_id, "a pair"), retracting(wordy.event_id))
        await log.append(correcting(crowded.event_id, "a crowd", countries=many, goldstein=-0.0))
        await log.append(*(correcting(crowded.event_id, f"no. {n}", countries=many) for n in range(30)))
        long = recording("often corrected")
        await log.append(long, *(correcting(long.event_id, f"no. {n}") for n in range(1_200)), long)
        await log.append(endless)
        await log.append_bytes(turned.event_id.encode(), turned_value)
        async with producer.transaction():  # a marker ends its partition
            event = recording("within a transaction")
            await producer.send(services.topic, encode_value(event), key=event.event_id.encode(), headers=list(HEADERS))
    ends = {str(partition): 0 for partition in range(3)}  # no record may have fallen into one of them
    for record in await read_log(services.bootstrap_servers, services.topic):
        ends[str(record.partition)] = record.offset + 1
    until = await replayed(services, "verify", until={"next_offsets": ends})
    assert until["result"]["equal"], until
    await verified(services)
    rebuilt = await replayed(services, "rebuild")
    assert rebuilt["result"]["equal"], rebuilt
    await execute(services, "update timeline_g2.entries set goldstein = '-0' where goldstein = 0 and pair like '%-AFG'")
    view = await replayed(services)
    assert {(item["table"], item["field"]) for item in view["result"]["differences"]} == {("entries", None)}, view


#: What does not follow from the log: who projects a partition, and which code has parked a record.
_FREE: Final = {"checkpoints": {"epoch", "owner", "redriven", "stopped"}, "outcomes": {"code_version"}}
#: How a value of a type is changed.
_CHANGED: Final = {
    "bigint": "-8 - coalesce({0}, 0)",
    "boolean": "not {0}",
    "bytea": "coalesce({0}, '') || '\\x00'",
    "date": "{0} + 1",
    "double precision": "coalesce({0}, 0) + 1",
    "integer": "-8 - coalesce({0}, 0)",
    "smallint": "{0} + 1",
    "text": "coalesce({0}, '') || 'x'",
    "text[]": "array_append({0}, 'x')",
    "timestamp with time zone": "{0} + interval '1 microsecond'",
    "tsvector": "setweight({0}, 'C')",
    "uuid": "gen_random_uuid()",
}


async def test_an_edit_of_any_column_is_found_and_named(services: Services) -> None:
    services.migrate()
    projector = await services.projector()
    await services.replayer()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(200, 31))
        await append_garbage(log)
        await projected(services)
    await projector.terminate()
    connection = await asyncpg.connect(services.database_url)
    try:
        await connection.execute("alter table timeline_g1.checkpoints drop constraint accounted")  # who edits, can
        edited = [edit for table in KEYS for edit in await edit_each_column(connection, table)]
    finally:
        await connection.close()
    view = await replayed(services)
    found = {(item["table"], item["key"], item["field"]) for item in view["result"]["differences"]}
    unseen = [edit for edit in edited if edit not in found and (*edit[:2], None) not in found]
    assert len(edited) > 75
    assert not unseen


async def edit_each_column(connection: "asyncpg.Connection[asyncpg.Record]", table: str) -> list[tuple[str, str, str]]:
    """Change each column of a table in a row of its own, where there are enough; returns table, key and column."""
    name = f"timeline_g1.{table}"
    columns = await connection.fetch(
        "select attname, format_type(atttypid, atttypmod) as type from pg_attribute "
        f"where attrelid = '{name}'::regclass and attnum > 0 and not attisdropped order by attnum"
    )
    keys = ", ".join(f'"{key}"' for key in KEYS[table])
    rows = await connection.fetch(f"select {keys} from {name} order by {keys} limit 20")
    edited = []
    for number, (column, kind) in enumerate(columns):
        if column in _FREE.get(table, ()) or (column in KEYS[table] and len(rows) <= len(columns)):
            continue
        row = rows[number if len(rows) > len(columns) else 0]
        where = " and ".join(f'"{key}" = ${at}' for at, key in enumerate(KEYS[table], 1))
        changed = _CHANGED[kind].format(f'"{column}"')
        done = await connection.execute(f'update {name} set "{column}" = {changed} where {where}', *row.values())
        if done == "UPDATE 1":
            edited.append((table, key_text(dict(row)), column))
    return edited


async def execute(services: Services, statement: str) -> None:
    """What an operator does to the database."""
    connection = await asyncpg.connect(services.database_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
