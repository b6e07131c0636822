"""The ingest service, to which pages hand on what a reader writes: only it appends to the log."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import httpx
import orjson

from service_edge.tls import trust_of
from service_edge.tracing import TRACEPARENT, traceparent
from timeline_service.errors import UnavailableError

_SECONDS: Final = 40.0  # longer than ingest itself waits for Kafka
_SERVER_ERROR: Final = 500


class IngestAnswer(NamedTuple):
    """What ingest answers: its status, and the JSON of its body, which is a problem from 400 on."""

    status: int
    body: dict[str, Any]


class IngestService:
    """The ingest service, to which each reader writes under their own name. Close it when done."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(timeout=_SECONDS, trust_env=False, verify=trust_of(url))

    def writer(self, credential: str | None) -> "IngestWriter":
        """What posts with a credential, or with none."""
        return IngestWriter(self._client, self._url, credential)

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()


class IngestWriter:
    """Posts to the ingest service for one reader."""

    def __init__(self, client: httpx.AsyncClient, url: str, credential: str | None) -> None:
        self._client = client
        self._url = url
        self._headers = {"content-type": "application/json"}
        if credential is not None:
            self._headers["authorization"] = f"Bearer {credential}"

    async def check(self, event: Mapping[str, Any]) -> IngestAnswer:
        """The event as it would be recorded; raises UnavailableError."""
        return await self._post("/v1/events?validate=only", event)

    async def record(self, event: Mapping[str, Any]) -> IngestAnswer:
        """Post an event; raises UnavailableError, after which the same again is safe."""
        return await self._post("/v1/events", event)

    async def correct(self, event_id: str, correction: Mapping[str, Any]) -> IngestAnswer:
        """Correct an event; raises UnavailableError, after which the same again is safe."""
        return await self._post(f"/v1/events/{event_id}/corrections", correction)

    async def retract(self, event_id: str, retraction: Mapping[str, Any]) -> IngestAnswer:
        """Retract an event; raises UnavailableError, after which the same again is safe."""
        return await self._post(f"/v1/events/{event_id}/retractions", retraction)

    async def _post(self, path: str, value: Mapping[str, Any]) -> IngestAnswer:
        headers = self._headers
        if (parent := traceparent()) is not None:
            headers = {**headers, TRACEPARENT: parent}
        try:
            answer = await self._client.post(self._url + path, content=orjson.dumps(value), headers=headers)
            body = answer.json()
        except httpx.HTTPError as error:
            raise UnavailableError(f"the ingest service does not answer: {error or type(error).__name__}") from error
        except ValueError as error:
            raise UnavailableError(f"what answers at {self._url} is not the ingest service: set INGEST_URL") from error
        if answer.status_code >= _SERVER_ERROR:
            raise UnavailableError(f"the ingest service cannot record now: {body.get('detail', answer.status_code)}")
        return IngestAnswer(answer.status_code, body)
