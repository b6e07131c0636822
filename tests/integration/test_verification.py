import asyncpg
from tests.faults.test_projector_faults import busy_log
from tests.integration.test_projector import append_garbage
from tests.support.log_writing import open_log
from tests.support.processes import Services
from tests.support.projections import projected
from tests.support.replaying import replayed, verified


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
        "documents": len(tables.revisions),
    }
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
