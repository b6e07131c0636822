"""The kinds of settings that both services have."""

import os
import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from service_edge.database_access import read_database_url, read_replica_urls
from service_edge.kafka_access import KafkaAccess, read_kafka_access

_DEFAULT_DATABASE: Final = "postgresql://dyadline@127.0.0.1:5433/dyadline"


def _split(names: object) -> object:
    return tuple(name.strip() for name in names.split(",") if name.strip()) if isinstance(names, str) else names


_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@]+")
_DEFAULT_PORTS: Final = (("http:", ":80"), ("https:", ":443"))


def _origin(name: str) -> str:
    """An origin as browsers write it (RFC 6454, 6.2). Raises ValueError for what is none, `null` and `*` included."""
    origin = name.lower()
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(f"{name[:80]!r} is not the origin of a web page: write scheme://host or scheme://host:port")
    for scheme, port in _DEFAULT_PORTS:
        origin = origin.removesuffix(port) if origin.startswith(scheme) else origin
    return origin


def _origins(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_origin(name) for name in names)


def _origins_or_any(names: tuple[str, ...]) -> tuple[str, ...]:
    return names if names == ("*",) else _origins(names)


def _database_url() -> SecretStr:
    return SecretStr(read_database_url(os.environ) or _DEFAULT_DATABASE)


def _replica_urls() -> tuple[SecretStr, ...]:
    primary = read_database_url(os.environ) or _DEFAULT_DATABASE
    return tuple(map(SecretStr, read_replica_urls(os.environ, "TIMELINE_READ_DATABASE_URL", primary)))


#: Kafka, by the variables that say how it is reached, which are the same for every process.
Kafka = Annotated[KafkaAccess, NoDecode, Field(default_factory=lambda: read_kafka_access(os.environ))]
#: PostgreSQL, likewise.
DatabaseUrl = Annotated[SecretStr, Field(default_factory=_database_url)]
#: Streaming replicas of it, of TIMELINE_READ_DATABASE_URL.
ReplicaUrls = Annotated[tuple[SecretStr, ...], NoDecode, Field(default_factory=_replica_urls)]
#: Names in one variable, with commas between them.
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
#: One origin, such as `https://page.example`.
Origin = Annotated[str, AfterValidator(_origin)]
#: Origins of web pages, such as `https://page.example`.
Origins = Annotated[Names, AfterValidator(_origins)]
#: The same, or `*` alone: any.
OriginsOrAny = Annotated[Names, AfterValidator(_origins_or_any)]
