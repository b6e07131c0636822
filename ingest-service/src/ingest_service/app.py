"""The ingest service, wired in one function."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import structlog
from fastapi import Depends

from ingest_service.adapters.kafka_log import KafkaLog
from ingest_service.api import changes, events, probes, reference
from ingest_service.api.admission import Admission
from ingest_service.api.problems import ERRORS, KINDS, translate
from ingest_service.api.roles import NEEDS
from ingest_service.api.shapes import schemas
from ingest_service.domain.signing import leave_unsigned
from ingest_service.settings import Settings
from service_edge.access.needs import served_at
from service_edge.access.rates import Rate
from service_edge.access.settings import open_gate
from service_edge.access.shared_buckets import buckets_for
from service_edge.crew import READY, Crew
from service_edge.crew_metrics import METRICS
from service_edge.cross_origins import CrossOrigins
from service_edge.head_requests import HeadMiddleware
from service_edge.host_origin_guard import HostOriginGuard
from service_edge.openapi import DescribedAPI
from service_edge.parameters import strict_query
from service_edge.problems import install_problems
from service_edge.request_ids import RequestIds
from service_edge.request_log import RequestLog
from service_edge.request_traces import RequestTraces

_LOG: Final = structlog.get_logger()
#: How long the log's supervisor may take to stop in order. Then it is cancelled again: aiokafka may swallow the first.
_STOP_SECONDS: Final = (5.0, 1.0, 1.0)


def create_app(settings: Settings) -> DescribedAPI:
    """The service's API. It starts although Kafka is away, and is ready once a broker answers.

    Raises TokenFileError.
    """
    crew = Crew(settings.workers)
    make_buckets = partial(buckets_for, crew.count)
    gate = open_gate(settings, make_buckets=make_buckets)

    @asynccontextmanager
    async def lifespan(app: DescribedAPI) -> AsyncIterator[None]:
        signer = settings.signing_key_file
        sign = signer.sign if signer is not None else leave_unsigned
        if signer is not None:
            _LOG.info("signing records", key=signer.key_id)
        log = KafkaLog(settings.kafka, settings.topic, settings.append_seconds, sign)
        app.state.log = log
        crew.report(READY, partial(probes.say_ready, log))
        crew.report(METRICS, partial(probes.say_metrics, log))
        loop = asyncio.get_running_loop()

        def leave() -> None:
            loop.call_soon_threadsafe(log.leave)
            loop.call_soon_threadsafe(app.state.admission.leave)

        app.leave = leave
        supervisor = asyncio.create_task(log.run())
        try:
            yield
        finally:
            await _stop(supervisor)
            await gate.close()

    app = DescribedAPI(
        kinds=KINDS,
        schemas=schemas(),
        gate=gate,
        needs=served_at(settings.host, NEEDS),
        crew=crew,
        title="Dyadline: ingest",
        description="Takes events between countries in, and appends them to the log.",
        version="0.1.0",
        lifespan=lifespan,
        dependencies=[Depends(strict_query)],
    )
    app.state.timeline_url = settings.timeline_url.rstrip("/")
    app.state.admission = Admission(
        crew.share(settings.bodies), settings.body_wait_seconds, settings.body_stalled_seconds
    )
    app.state.event_rate = None
    if settings.events_per_minute:
        app.state.event_rate = Rate(settings.events_per_minute, buckets=make_buckets())
    app.state.results_bytes = crew.share(settings.results_bytes)
    install_problems(app, KINDS, translate, ERRORS)
    for module in (events, changes, reference, probes):
        app.include_router(module.router)
    app.add_middleware(HeadMiddleware)
    app.guard()
    app.add_middleware(HostOriginGuard, allowed_hosts=settings.allowed_hosts, allowed_origins=settings.allowed_origins)
    app.add_middleware(CrossOrigins, writers=settings.allowed_origins)
    app.add_middleware(RequestLog)
    app.add_middleware(RequestTraces)
    app.add_middleware(RequestIds)
    return app


async def _stop(supervisor: "asyncio.Task[None]") -> None:
    for seconds in _STOP_SECONDS:
        supervisor.cancel()
        if (await asyncio.wait({supervisor}, timeout=seconds))[0]:
            return
