"""Settings of the timeline service's processes, from the environment."""

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field
from pydantic_settings import NoDecode, SettingsConfigDict

from event_schemas.records import TOPIC
from service_edge.access.settings import AccessSettings
from service_edge.secret_files import read_file
from service_edge.settings import DatabaseUrl, Kafka, Names, Origins, OriginsOrAny, ReplicaUrls
from timeline_service.code_version import judged_by
from timeline_service.judge.trusted_keys import TrustedKeys


def _read_trusted_keys(path: object) -> object:
    return (
        TrustedKeys(read_file("TIMELINE_TRUSTED_KEYS_FILE", path)) if isinstance(path, str) and path else path or None
    )


class Settings(AccessSettings):
    """Where Kafka, PostgreSQL and the service itself are. Read once, when a process starts."""

    model_config = SettingsConfigDict(
        env_prefix="TIMELINE_", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8002
    api_workers: Annotated[int, Field(ge=1, le=64)] = 1  # processes that answer there
    projector_port: Annotated[
        int, Field(ge=0, le=65_535, validation_alias=AliasChoices("projector_port", "PROJECTOR_PORT"))
    ] = 8003
    replayer_port: Annotated[
        int, Field(ge=0, le=65_535, validation_alias=AliasChoices("replayer_port", "REPLAYER_PORT"))
    ] = 8004
    projector_host: Annotated[str, Field(validation_alias=AliasChoices("projector_host", "PROJECTOR_HOST"))] = (
        "127.0.0.1"
    )
    replayer_host: Annotated[str, Field(validation_alias=AliasChoices("replayer_host", "REPLAYER_HOST"))] = "127.0.0.1"
    ready_lag_seconds: Annotated[float, Field(ge=0)] = 0  # beyond which the service is not ready; 0: however far behind
    tls_certificate: str | None = None
    tls_key: str | None = None
    topic: str = TOPIC
    kafka: Kafka
    database_url: DatabaseUrl
    ingest_url: Annotated[str, Field(validation_alias=AliasChoices("ingest_url", "INGEST_URL"))] = (
        "http://127.0.0.1:8001"  # where pages hand on what is written in them
    )
    public_reading: bool = False  # reading needs no credential, also where writing does
    trusted_keys_file: Annotated[TrustedKeys | None, NoDecode, BeforeValidator(_read_trusted_keys)] = None
    allowed_hosts: Names = ()
    allowed_origins: Origins = ()
    reading_origins: OriginsOrAny = ()
    workers: Annotated[int, Field(ge=1, le=64)] = 1  # projectors that one command runs
    connections: Annotated[int, Field(ge=1, le=100)] = 10
    read_database_urls: ReplicaUrls
    replica_wait_seconds: Annotated[float, Field(ge=0, le=5)] = (
        0.1  # for one that is behind, before the primary is read
    )
    batch_records: Annotated[int, Field(ge=1, le=50_000)] = 2_500  # 5,000 take 218 MB and as much CPU
    heartbeat_seconds: Annotated[float, Field(gt=0, le=30)] = 15
    slow_seconds: Annotated[float, Field(gt=0)] = 30
    walk_from: Annotated[int, Field(ge=0)] = 10_000  # so many documents are looked through in order, fewer are sorted
    walk_seconds: Annotated[float, Field(gt=0)] = 0.25  # after which those are sorted as well
    spill_folder: str | None = None  # for a replay's temporary files: a partition of the log at a time, for each core
    stall_seconds: Annotated[float, Field(gt=0)] = (
        30  # after which a log that gives no record, though it has some, is away
    )
    session_seconds: Annotated[float, Field(ge=1, le=1_800)] = 6  # after which a projector that is silent is given up
    guard_seconds: Annotated[float, Field(gt=0)] = 30  # between two looks of a projector at whether its log is sound

    @property
    def judged_by(self) -> str:
        """By what these processes judge: their code, and the keys that they trust."""
        return judged_by(self.trusted_keys_file)
