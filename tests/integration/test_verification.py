import json
from typing import Any

import asyncpg
import pytest
from tests.faults.test_projector_faults import busy_log
from tests.integration.test_projector import append_garbage
from tests.support.inputs.log_writing import open_log
from tests.support.running.processes import Services
from tests.support.running.projections import counted_names, projected
from tests.support.running.replaying import replayed, verified

from timeline_service.domain.comparisons import KEYS, key_text


async def test_what_was_projected_is_what_was_recorded(services: Services) -> None:
    services.migrate()
    await services.projector()
    await services.replayer()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(400, 1))
        await append_garbage(log)
        tables = await projected(services)
    result = await verified(services)
    rows = {table["table"]: table["rows"] for table in result["tables"]}
    assert rows == {
        "checkpoints": len(tables.checkpoints),
        "revisions": len(tables.revisions),
        "entries": len(tables.entries),
        "pair_counts": len(tables.pair_counts),
        "outcomes": len(tables.outcomes),
        "batch_counts": len(tables.batch_counts),
        "documents": len(tables.revisions),
        "name_counts": len(await counted_names(services.database_url)),
    }
    assert rows["name_counts"]
    assert result["differences"] == []
    print(result)


async def test_a_rebuild_makes_the_same_and_takes_over(services: Services) -> None:
    services.migrate()
    projector = await services.projector()
    replayer = await services.replayer()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(400, 2))
        await append_garbage(log)
        await projected(services)
        view = await replayed(services, "rebuild")
        assert view["state"] == "succeeded", view
        assert view["result"]["equal"], view["result"]
        assert view["result"]["generation"] == 2
        await log.append(*busy_log(400, 3))
        await projected(services, generation=2)
        await verified(services)
    print(replayer.log, projector.log)


_CHANGES = {
    "checkpoints": "last_sha256 = decode(repeat('00', 32), 'hex') where partition = 1",
    "revisions": "content = replace(content, 'event 7\"', 'event 8\"') where content like '%\"event 7\"%'",
    "entries": "goldstein = 9.5 where ctid = (select min(ctid) from {table})",
    "pair_counts": "events = events + 1 where ctid = (select min(ctid) from {table})",
    "outcomes": "outcome = 'duplicate' where ctid = (select min(ctid) from {table} where outcome = 'rejected')",
    "batch_counts": "first_offset = first_offset - 1 where ctid = (select min(ctid) from {table})",
    "name_counts": "events = events + 1 where ctid = (select min(ctid) from {table} where partition = 0)",
    "search_checkpoints": "next_offset = next_offset - 60 where partition = 2",
    "documents": "facets = facets || array['tag:planted'] where ctid = (select min(ctid) from {table})",
}
#: Counts of names are compared where the documents are as far as the rows: whose checkpoints nobody takes away.
_WITH_ALL_DOCUMENTS = (
    "partition in (select partition from timeline_g1.checkpoints) "
    "and partition <> (select partition from timeline_g1.search_checkpoints order by ctid limit 1)"
)
_KEYS = {**KEYS, "search_checkpoints": ("partition",)}


@pytest.mark.parametrize("operation", ["update", "delete", "insert"])
async def test_what_an_operator_does_to_any_table_is_found_and_repaired(services: Services, operation: str) -> None:
    services.migrate()
    projector = await services.projector()
    await services.replayer()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await log.append(*busy_log(200, 4))
        await append_garbage(log)
        await projected(services)
    await projector.terminate()
    tampered = {table: await tamper(services.database_url, table, operation) for table in _CHANGES}
    view = await replayed(services)
    assert view["state"] == "succeeded", view
    assert not view["result"]["equal"]
    found = {(item["table"], item["key"]): item for item in view["result"]["differences"]}
    for table, key in tampered.items():
        assert (table, key) in found, (table, key, sorted(found))
        difference = found[table, key]
        assert difference["live"] != difference["log"]
        assert difference["position"] or table == "search_checkpoints"
        counts = {item["table"]: item["differences"] for item in view["result"]["tables"]}
        assert counts[table] >= 1
    rebuilt = await replayed(services, "rebuild")
    assert rebuilt["state"] == "succeeded", rebuilt
    assert {(item["table"], item["key"]) for item in rebuilt["result"]["differences"]} >= set(tampered.items())
    await services.projector()
    await projected(services, generation=2)
    await verified(services)


async def tamper(url: str, table: str, operation: str) -> str:
    """Do it to one row of a table; returns the row's key as it must be named."""
    connection = await asyncpg.connect(url)
    name, keys = f"timeline_g1.{table}", ", ".join(f'"{key}"' for key in _KEYS[table])
    try:
        match operation:
            case "update":
                sql = f"update {name} set {_CHANGES[table].format(table=name)} returning {keys}"
            case "delete":
                where = _WITH_ALL_DOCUMENTS if table == "name_counts" else "true"
                sql = f"delete from {name} where ctid = (select min(ctid) from {name} where {where}) returning {keys}"
            case _:
                moved: dict[str, Any] = {"partition": 3} if table.endswith("checkpoints") else {}
                moved |= {"event_id": "11111111-1111-5111-8111-111111111111"} if "event_id" in _KEYS[table] else {}
                moved |= {"pair": "FJI-TUV"} if table == "pair_counts" else {}
                moved |= {"facet": "tag:of-nobody", "partition": 0} if table == "name_counts" else {}
                moved |= {"batch": "of-nobody"} if table == "batch_counts" else {}
                moved |= {"offset": 1_000_000} if table == "outcomes" else {}
                moved |= {"from_offset": 1_000_001} if table in {"revisions", "entries"} else {}
                sql = (
                    f"insert into {name} select (jsonb_populate_record(null::{name}, to_jsonb(found) || $1)).* "
                    f"from (select * from {name} order by ctid limit 1) as found returning {keys}"
                )
                return key_text(dict((await connection.fetch(sql, json.dumps(moved)))[0]))
        row = await connection.fetchrow(sql)
        assert row is not None
        return key_text(dict(row))
    finally:
        await connection.close()
