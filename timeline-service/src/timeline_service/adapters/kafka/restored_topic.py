"""The topic that a log is put back into: made for that, and sealed in the end.

A topic either sets the times of records itself, or takes its writer's word for them. While a log is put back it has to
take ours, so no service takes it for a log: they refuse such a topic. It is made like that rather than changed to it,
because a broker obeys a change some moments after it has answered; that is how one that was broken off is known, too.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError, for_code

from event_schemas.log_topic import TOPIC_SETTINGS, topic_problems
from service_edge.kafka_access import KafkaAccess
from service_edge.kafka_clients import close_client, start_client
from service_edge.topic_making import TopicMakingError, make_topic
from timeline_service.adapters.kafka.scan import open_scan
from timeline_service.errors import RestoreError, UnavailableError

_TIMES: Final = "message.timestamp.type"
_SIZE: Final = "max.message.bytes"
_LONG_MAX: Final = str(2**63 - 1)
#: Times of any age are taken, also of a broker whose clock ran ahead.
_OPEN: Final = {
    _TIMES: "CreateTime",
    "message.timestamp.before.max.ms": _LONG_MAX,
    "message.timestamp.after.max.ms": _LONG_MAX,
}
_OF_THE_TOPIC: Final = 1  # Kafka's number for a setting that is the topic's own
_DELETED_SECONDS: Final = 30.0


class RestoredTopic:
    """A topic by its name, with so many partitions; `limit` is the bytes of the largest batch that it takes.

    Methods raise UnavailableError, and RestoreError for what cannot be.
    """

    def __init__(self, access: KafkaAccess, name: str, partitions: int) -> None:
        self.limit = int(TOPIC_SETTINGS[_SIZE])
        self._access = access
        self._name = name
        self._partitions = partitions

    async def open(self, *, replace_empty: bool) -> bool:
        """Make the topic; of one that is there, say whether it waits for the rest of its records: it is not sealed.

        `replace_empty`: one that is sealed although nothing was ever appended to it is made anew.
        """
        async with self._admin() as admin:
            settings = await self._settings(admin)
            if settings is not None and settings[_TIMES] != _OPEN[_TIMES]:
                if not await self._is_empty():
                    return False
                if not replace_empty:
                    raise RestoreError(
                        f"there is a topic {self._name}, which is empty, and sets the times of records itself: stop "
                        "what may write to it, and say --replace-empty, so that it is made to keep the times of before"
                    )
                await self._delete(admin)
                settings = None
            if settings is None:
                await make_topic(admin, self._name, self._partitions, _OPEN)
            else:
                self.limit = int(settings[_SIZE])
        return True

    async def seal(self) -> None:
        """Have the topic set the times of records itself from now on, and nothing else of it changed."""
        async with self._admin() as admin:
            own = {name: value for name, value, source in await self._entries(admin) if source == _OF_THE_TOPIC}
            kept = {name: value for name, value in own.items() if name not in _OPEN}
            wanted = {**kept, _TIMES: TOPIC_SETTINGS[_TIMES]}
            for response in await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, self._name, wanted)]):
                for code, words, *_ in response.resources:
                    if code:
                        raise RestoreError(f"{self._name} could not be sealed: {words or for_code(code).__name__}")

    async def _settings(self, admin: AIOKafkaAdminClient) -> dict[str, str] | None:
        """The settings of the topic, if it is there; raises RestoreError where it cannot be the log's."""
        (described,) = await admin.describe_topics([self._name])
        if for_code(described["error_code"]) is UnknownTopicOrPartitionError:
            return None
        if (found := len(described["partitions"])) != self._partitions:
            raise RestoreError(f"the topic {self._name} has {found} partitions there, the exports {self._partitions}")
        settings = {name: value for name, value, _ in await self._entries(admin)}
        replicas = min(len(partition["replicas"]) for partition in described["partitions"])
        if problems := topic_problems({**settings, _TIMES: TOPIC_SETTINGS[_TIMES]}, replicas):
            raise RestoreError(f"the topic {self._name} cannot be trusted with the log: {'; '.join(problems)}")
        return settings

    async def _entries(self, admin: AIOKafkaAdminClient) -> list[tuple[str, str, int]]:
        """The topic's settings: name, value, and whose each is."""
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, self._name)])
        resources = [resource for answer in answers for resource in answer.resources]
        return [(entry[0], str(entry[1]), entry[3]) for resource in resources for entry in resource[4]]

    async def _is_empty(self) -> bool:
        async with open_scan(self._access, self._name) as scan:
            return not any(end for _, end in (await scan.bounds(self._partitions)).values())

    async def _delete(self, admin: AIOKafkaAdminClient) -> None:
        for _, code, *words in (await admin.delete_topics([self._name])).topic_error_codes:
            if code:
                reason = next(filter(None, words), for_code(code).__name__)
                raise RestoreError(f"the topic {self._name} could not be deleted: {reason}")
        ends = time.monotonic() + _DELETED_SECONDS
        while await self._settings(admin) is not None:
            if time.monotonic() > ends:
                raise UnavailableError(f"the topic {self._name} is still there after {_DELETED_SECONDS:g} s")
            await asyncio.sleep(0.05)

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        try:
            admin = AIOKafkaAdminClient(**self._access.arguments(), request_timeout_ms=10_000)
            try:
                await start_client(admin)
                yield admin
            finally:
                await close_client(admin)
        except TopicMakingError as error:
            raise RestoreError(str(error)) from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise UnavailableError(f"Kafka is out of reach: {error or type(error).__name__}") from error
