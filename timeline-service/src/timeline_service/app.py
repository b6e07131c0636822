"""The API, wired in one function."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import Depends, FastAPI

from service_edge.cross_origins import CrossOrigins
from service_edge.descriptions import DescribedAPI
from service_edge.doors import Doors
from service_edge.event_streams import EventStreams
from service_edge.heads import Heads
from service_edge.parameters import strict_query
from service_edge.problems import install_problems
from timeline_service.adapters.kafka.offsets import KafkaOffsets
from timeline_service.adapters.kafka.scan import open_scan
from timeline_service.adapters.postgres.bell import PostgresBell
from timeline_service.adapters.postgres.database import BY_VALUE, IN_ORDER, close_pool, open_pool
from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.adapters.postgres.live import PostgresLive
from timeline_service.adapters.postgres.reader import PostgresReader
from timeline_service.adapters.postgres.replays import CHANNEL, PostgresReplays
from timeline_service.adapters.postgres.selections import PostgresSelections
from timeline_service.api.problems import ERRORS, KINDS, translate
from timeline_service.api.routes import (
    events,
    generations,
    live,
    log_export,
    pairs,
    parked,
    records,
    reference,
    replays,
    search,
    status,
    summaries,
    timelines,
)
from timeline_service.api.shapes import SHAPES
from timeline_service.errors import UnavailableError
from timeline_service.live.feed import LiveFeed
from timeline_service.live.progress import ProgressFeed
from timeline_service.settings import Settings
from timeline_service.web import audit


def create_app(settings: Settings) -> FastAPI:
    """The timeline service's API. It starts although the database is away, and is ready once that answers."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        url = settings.database_url.get_secret_value()
        pool = await open_pool(url, most=settings.connections, planning=BY_VALUE)
        in_order = await open_pool(url, most=settings.connections, planning=IN_ORDER)
        bell = PostgresBell(url)
        app.state.reader = PostgresReader(pool, bell)
        app.state.selections = PostgresSelections(
            pool, in_order, walk_from=settings.walk_from, walk_seconds=settings.walk_seconds
        )
        app.state.offsets = KafkaOffsets(settings.kafka_bootstrap_servers, settings.topic)
        app.state.live = LiveFeed(app.state.reader, PostgresLive(pool), bell)
        app.state.replays = PostgresReplays(pool)
        app.state.generations = PostgresGenerations(pool)
        replays_bell = PostgresBell(url, CHANNEL)
        app.state.progress = ProgressFeed(app.state.replays, replays_bell)
        app.state.leave = partial(asyncio.get_running_loop().call_soon_threadsafe, _leave, app)
        runs = (bell.run(), replays_bell.run(), _read_secret(app), app.state.live.run())
        background = [asyncio.create_task(run) for run in runs]
        try:
            yield
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await app.state.offsets.close()
            await close_pool(pool)
            await close_pool(in_order)

    app = DescribedAPI(
        kinds=KINDS,
        schemas=SHAPES,
        title="Dyadline: timelines",
        description="The timeline of relations between any two countries, projected from the log.",
        version="0.1.0",
        lifespan=lifespan,
        dependencies=[Depends(strict_query)],
    )
    app.state.topic = settings.topic
    app.state.cursor_secret = None
    app.state.heartbeat_seconds = settings.heartbeat_seconds
    app.state.streams = EventStreams(settings.slow_seconds)
    scan = partial(open_scan, settings.kafka_bootstrap_servers, settings.topic, settings.stall_seconds)
    app.state.raw_log = log_export.RawLog(scan, settings.slow_seconds)
    install_problems(app, KINDS, translate, ERRORS)
    for module in (
        *(live, pairs, timelines, summaries, search, events, records, parked),
        *(replays, generations, log_export, reference, status, audit),
    ):
        app.include_router(module.router)
    app.add_middleware(Heads)
    app.add_middleware(Doors, allowed_hosts=settings.allowed_hosts, allowed_origins=settings.allowed_origins)
    app.add_middleware(CrossOrigins, writers=settings.allowed_origins, readers=settings.reading_origins)
    return app


def _leave(app: FastAPI) -> None:
    """End what would go on for ever, so that the server need not wait for it."""
    app.state.live.close()
    app.state.progress.close()
    app.state.streams.stop()
    app.state.raw_log.stop()


async def _read_secret(app: FastAPI) -> None:
    reader: PostgresReader = app.state.reader
    while app.state.cursor_secret is None:
        try:
            app.state.cursor_secret = await reader.secret("cursors")
        except UnavailableError:
            await asyncio.sleep(0.2)
