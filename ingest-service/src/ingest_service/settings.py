"""Settings of the ingest service, from the environment."""

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field
from pydantic_settings import NoDecode, SettingsConfigDict

from event_schemas.records import TOPIC
from ingest_service.domain.signing import RecordSigner
from service_edge.access.settings import AccessSettings, PerMinute
from service_edge.secret_files import read_file
from service_edge.settings import Kafka, Names, Origins


def _read_signing_key(path: object) -> object:
    return RecordSigner(read_file("INGEST_SIGNING_KEY_FILE", path)) if isinstance(path, str) and path else path or None


class Settings(AccessSettings):
    """Where Kafka and the services are, and how much is taken in at once. Read once, when the process starts.

    Of each caller so many events are taken a minute (`events_per_minute`); without that there is no limit.

    So many `workers` answer, each a process. What is taken in at once is their share of the whole: an equal part.

    An append may take `append_seconds`. So many long `bodies` are taken in at once; one more waits `body_wait_seconds`,
    and while it does, one that hardly brings anything for `body_stalled_seconds` is broken off.
    """

    model_config = SettingsConfigDict(
        env_prefix="INGEST_", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8001
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    tls_certificate: str | None = None
    tls_key: str | None = None
    topic: str = TOPIC
    signing_key_file: Annotated[RecordSigner | None, NoDecode, BeforeValidator(_read_signing_key)] = None
    kafka: Kafka
    timeline_url: Annotated[str, Field(validation_alias=AliasChoices("timeline_url", "TIMELINE_URL"))] = (
        "http://127.0.0.1:8002"
    )
    allowed_hosts: Names = ()
    allowed_origins: Origins = ()
    events_per_minute: PerMinute | None = None
    append_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    bodies: Annotated[int, Field(ge=1, le=10_000)] = 32
    body_wait_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    body_stalled_seconds: Annotated[float, Field(gt=0, le=3_600)] = 10.0
    results_bytes: Annotated[int, Field(ge=1)] = 256 * 1024 * 1024
