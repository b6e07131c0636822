"""The log as a writer sees it: records appended, each acknowledged with its position or unknown."""

import asyncio
from collections.abc import Sequence
from math import inf
from typing import Final

import structlog
from aiokafka.errors import KafkaError

from ingest_service.adapters.kafka_session import Appended, KafkaSession
from ingest_service.domain.accept import Accepted
from ingest_service.domain.signing import Sign, leave_unsigned
from ingest_service.errors import UnavailableError
from ingest_service.metrics import APPEND_SECONDS, RECORDED, UNKNOWN
from service_edge.kafka_access import KafkaAccess
from service_edge.topic_check import KafkaTopic, TopicUnavailableError, TopicUnfitError, check_topic
from service_edge.tracing import traced

_LOG: Final = structlog.get_logger()
_MAX_PAUSE_SECONDS: Final = 5.0
_BEAT_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 3.0
_CHECK_SECONDS: Final = 60.0
#: After so many times the time of an append a partition that is late is tried in a new session.
_LATE_APPENDS: Final = 3
#: Once the process is asked to stop: how long what is under way may take to be acknowledged.
_GRACE_SECONDS: Final = 12.0
_STOP_SECONDS: Final = 2.0


class KafkaLog:
    """Keeps a session with Kafka for as long as the process runs, and watches that the topic stays fit."""

    def __init__(self, access: KafkaAccess, topic: str, append_seconds: float, sign: Sign = leave_unsigned) -> None:
        self._access = access
        self._topic = topic
        self._seconds = append_seconds
        self._sign = sign
        self._partitions: int | None = None
        self._session: KafkaSession | None = None
        self._reason: str | None = "Kafka was not reached yet"
        self._ends = inf

    async def run(self) -> None:
        """Connect, watch, connect again, whatever happens; cancel it to stop, which waits for what is under way.

        An error that nobody expected is logged and connected after as well: what it broke is this one session, while
        an end of the process would break off every request that is under way.
        """
        pause = 0.1
        while True:
            try:
                topic = await self._fit_topic()
                await self._keep_session(topic)
                pause = 0.1
                continue
            except (TopicUnavailableError, TopicUnfitError, KafkaError, OSError, TimeoutError) as error:
                self._note(str(error) or type(error).__name__)
            except asyncio.CancelledError:
                if _is_asked_to_stop():
                    raise
                self._note("aiokafka cancelled its own work")
            except Exception:
                _LOG.exception("the session with Kafka failed")
                self._note("the session with Kafka failed, which is a bug: see the log")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _MAX_PAUSE_SECONDS)

    def leave(self) -> None:
        """Wait for acknowledgements no longer than a short grace from now on: the process is asked to stop."""
        self._ends = min(self._ends, asyncio.get_running_loop().time() + _GRACE_SECONDS)

    @property
    def is_ready(self) -> bool:
        """Whether the topic can be trusted and a broker answers."""
        try:
            self._ready_session()
        except UnavailableError:
            return False
        return True

    def require_ready(self) -> None:
        """Raises UnavailableError unless the topic can be trusted and a broker answers."""
        self._ready_session()

    async def append(self, accepted: Sequence[Accepted], *, bulk: bool = False) -> list[Appended | None]:
        """Append records; for each where it stands, or None where no acknowledgement with a position came.

        Those of a bulk let others go ahead. Raises UnavailableError if nothing was sent.
        """
        session = self._ready_session()
        with APPEND_SECONDS.time(), traced("append", "producer", attributes={"dyadline.records": len(accepted)}):
            results = await session.append(accepted, bulk=bulk, ends=self._ends)
        unknown = results.count(None)
        UNKNOWN.inc(unknown)
        RECORDED.inc(len(results) - unknown)
        return results

    def _ready_session(self) -> KafkaSession:
        if self._session is None or self._reason is not None or self._session.broken.is_set():
            raise UnavailableError(f"the log is out of reach: {self._reason or 'Kafka did not acknowledge'}")
        return self._session

    async def _keep_session(self, topic: KafkaTopic) -> None:
        """Have a session until it breaks. Raises what else makes it useless."""
        session = KafkaSession(self._access, topic, self._seconds, self._sign)
        seconds = 0.0
        try:
            await session.start()
            self._session = session
            self._note(None)
            _LOG.info("appending", topic=topic.name, partitions=topic.partitions)
            seconds = self._seconds  # others' records, which have time-outs of their own
            await self._watch(session)
            self._note("Kafka did not acknowledge in time")
        except asyncio.CancelledError:
            seconds = min(seconds, _STOP_SECONDS)
            raise
        finally:
            self._session = None
            await session.close(seconds)

    async def _watch(self, session: KafkaSession) -> None:
        """Ask the broker every second whether it is there, and every minute whether the topic is still fit.

        Returns when the session has to be made anew.
        """
        loop = asyncio.get_running_loop()
        check_at = loop.time() + _CHECK_SECONDS
        was_there = True
        while not session.broken.is_set():
            there = await session.answers(_PATIENCE_SECONDS)
            late = session.late_seconds()
            # A broker that is back makes good what it can; a new session does so sooner than one that tries again.
            if there and late and (not was_there or late > _LATE_APPENDS * self._seconds):
                return
            was_there = there
            # What is under way has its own time-out: a broker that is back in time still acknowledges it.
            self._note(None if there else f"Kafka at {self._access} does not answer")
            if there and loop.time() > check_at:
                check_at = loop.time() + _CHECK_SECONDS
                try:
                    await self._fit_topic()
                except TopicUnavailableError as error:  # no reason to give up what is under way
                    self._note(str(error))
            try:
                await asyncio.wait_for(session.broken.wait(), _BEAT_SECONDS)
            except TimeoutError:
                continue

    async def _fit_topic(self) -> KafkaTopic:
        topic = await check_topic(self._access, self._topic)
        if self._partitions not in (None, topic.partitions):
            raise TopicUnfitError(
                f"the topic {topic.name} had {self._partitions} partitions and now has {topic.partitions}, so that "
                "keys would lie elsewhere: its number of partitions must not change"
            )
        self._partitions = topic.partitions
        return topic

    def _note(self, reason: str | None) -> None:
        if reason is not None and reason != self._reason:
            _LOG.error("no log", reason=reason)
        elif reason is None and self._reason is not None:
            _LOG.info("the log is in reach")
        self._reason = reason


def _is_asked_to_stop() -> bool:
    """Whether a cancellation is meant for this task, and not one that came out of a library's own."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
