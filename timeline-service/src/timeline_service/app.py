"""The API, wired in one function."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import Depends

from service_edge.access.needs import served_at
from service_edge.access.roles import NO_ROLE, Role
from service_edge.access.settings import open_gate
from service_edge.access.shared_buckets import buckets_for
from service_edge.crew import READY, Crew
from service_edge.crew_metrics import METRICS
from service_edge.cross_origins import CrossOrigins
from service_edge.event_streams import EventStreams
from service_edge.head_requests import HeadMiddleware
from service_edge.host_origin_guard import HostOriginGuard
from service_edge.openapi import DescribedAPI
from service_edge.parameters import strict_query
from service_edge.problems import install_problems
from service_edge.request_ids import RequestIds
from service_edge.request_log import RequestLog
from service_edge.request_traces import RequestTraces
from service_edge.tracing import is_tracing
from timeline_service.adapters.ingest import IngestService
from timeline_service.adapters.kafka.offsets import KafkaOffsets
from timeline_service.adapters.kafka.scan import open_scan
from timeline_service.adapters.postgres.batches import PostgresBatches
from timeline_service.adapters.postgres.changes import PostgresChanges
from timeline_service.adapters.postgres.database import BY_VALUE, IN_ORDER, close_pool, open_pool
from timeline_service.adapters.postgres.feed import PostgresLive
from timeline_service.adapters.postgres.generations import PostgresGenerations
from timeline_service.adapters.postgres.marks import PostgresMarks
from timeline_service.adapters.postgres.notifications import PostgresNotificationListener
from timeline_service.adapters.postgres.processes import PostgresProcesses
from timeline_service.adapters.postgres.projection import TRACED
from timeline_service.adapters.postgres.read_pools import ReadPool, Replicas
from timeline_service.adapters.postgres.reader import PostgresReader
from timeline_service.adapters.postgres.records import PostgresRecords
from timeline_service.adapters.postgres.replays import CHANNEL, PostgresReplays
from timeline_service.adapters.postgres.selections import PostgresSelections
from timeline_service.api.holdings import Holdings
from timeline_service.api.observations import Observations
from timeline_service.api.problems import ERRORS, KINDS, translate
from timeline_service.api.readiness import Readiness
from timeline_service.api.roles import NEEDS
from timeline_service.api.routes import (
    batches,
    changes,
    events,
    feed,
    generations,
    log_export,
    names,
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
from timeline_service.feed.followed_records import FollowedRecords
from timeline_service.feed.live_feed import LiveFeed
from timeline_service.feed.progress import ProgressFeed
from timeline_service.queries.exports import RawLog
from timeline_service.queries.remembered_summaries import RememberedSummaries
from timeline_service.queries.seal import CursorSeal
from timeline_service.queries.sources import Sources
from timeline_service.settings import Settings
from timeline_service.web import audit, embed, event, finder, guide, home, marks, pair, sign_in, static_files, writing
from timeline_service.web import changes as changes_page
from timeline_service.web import records as records_page
from timeline_service.web import search as search_page
from timeline_service.web.browser_redirects import BrowserRedirects
from timeline_service.web.documents import document_page
from timeline_service.web.outcome_words import PROBLEM_WORDS
from timeline_service.web.problem_page import show_problem
from timeline_service.web.sign_in import show_to_callers


def create_app(settings: Settings) -> DescribedAPI:
    """The timeline service's API. It starts although the database is away, and is ready once that answers.

    Raises TokenFileError.
    """
    crew = Crew(settings.api_workers)
    everybody = frozenset({Role.READ}) if settings.public_reading else NO_ROLE
    gate = open_gate(settings, everybody, partial(buckets_for, crew.count))

    @asynccontextmanager
    async def lifespan(app: DescribedAPI) -> AsyncIterator[None]:
        url = settings.database_url.get_secret_value()
        pool = await open_pool(url, most=settings.connections, planning=BY_VALUE, name="by_value")
        pool_in_order = await open_pool(url, most=settings.connections, planning=IN_ORDER, name="in_order")
        replicas = Replicas(
            pool,
            [url.get_secret_value() for url in settings.read_database_urls],
            most=settings.connections,
            wait_seconds=settings.replica_wait_seconds,
        )
        by_value, in_order = ReadPool(pool, replicas), ReadPool(pool_in_order, replicas, in_order=True)
        notifications, replay_notifications = (
            PostgresNotificationListener(url),
            PostgresNotificationListener(url, CHANNEL),
        )
        reader = PostgresReader(pool, by_value, notifications)
        sources = Sources(
            settings.topic,
            reader,
            PostgresSelections(by_value, in_order, walk_from=settings.walk_from, walk_seconds=settings.walk_seconds),
            PostgresChanges(in_order),
            PostgresBatches(in_order),
            PostgresMarks(by_value),
            PostgresRecords(in_order),
            KafkaOffsets(settings.kafka, settings.topic),
            PostgresReplays(pool),
            PostgresProcesses(pool),
            PostgresGenerations(pool),
            replicas,
            CursorSeal(reader),
            RememberedSummaries(),
        )
        scan = partial(open_scan, settings.kafka, settings.topic, settings.stall_seconds)
        followed = FollowedRecords()
        live = LiveFeed(reader, PostgresLive(pool), notifications, followed)
        holdings = Holdings(
            sources,
            live,
            ProgressFeed(sources.replays, replay_notifications),
            RawLog(scan, settings.slow_seconds),
            EventStreams(settings.slow_seconds),
            IngestService(settings.ingest_url),
            settings.heartbeat_seconds,
            Readiness(sources, settings.ready_lag_seconds),
            Observations(sources, live),
        )
        app.state.holdings = holdings
        crew.report(READY, partial(status.say_ready, holdings))
        crew.report(METRICS, holdings.observations.own)
        app.leave = partial(asyncio.get_running_loop().call_soon_threadsafe, holdings.leave)
        runs = [
            notifications.run(),
            replay_notifications.run(),
            sources.seal.run(),
            holdings.feed.run(),
            replicas.run(),
        ]
        if is_tracing():
            runs.append(PostgresNotificationListener(url, TRACED, followed.hear).run())
        background = [asyncio.create_task(run) for run in runs]
        try:
            yield
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await sources.offsets.close()
            await holdings.ingest.close()
            await close_pool(pool)
            await close_pool(pool_in_order)
            await gate.close()

    app = DescribedAPI(
        kinds=KINDS,
        schemas=SHAPES,
        gate=gate,
        needs=served_at(settings.host, NEEDS),
        crew=crew,
        page=document_page,
        title="Dyadline: timelines",
        description="The timeline of relations between any two countries, projected from the log.",
        version="0.1.0",
        lifespan=lifespan,
        dependencies=[Depends(strict_query)],
    )
    app.state.gate = gate
    install_problems(app, KINDS, translate, ERRORS, show_problem, document_page, PROBLEM_WORDS)
    for module in (
        *(feed, pairs, timelines, changes, summaries, search, names, events, records, batches, parked),
        *(replays, generations, log_export, reference, status),
        *(home, guide, finder, changes_page, pair, marks, embed, event, writing),
        *(search_page, records_page, audit, sign_in, static_files),
    ):
        app.include_router(module.router)
    app.add_middleware(BrowserRedirects)
    app.add_middleware(HeadMiddleware)
    app.guard(show_to_callers)
    app.add_middleware(HostOriginGuard, allowed_hosts=settings.allowed_hosts, allowed_origins=settings.allowed_origins)
    app.add_middleware(CrossOrigins, writers=settings.allowed_origins, readers=settings.reading_origins)
    app.add_middleware(RequestLog)
    app.add_middleware(RequestTraces)
    app.add_middleware(RequestIds)
    return app
