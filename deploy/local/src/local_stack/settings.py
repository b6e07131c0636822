"""Where the stack runs: ports, its state folder, and servers that are given instead of started."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from local_stack.errors import StackError
from service_edge.database_access import read_database_url
from service_edge.kafka_access import VARIABLES, KafkaAccess, read_kafka_access
from service_edge.secret_files import SettingError

#: The variables that name ports, with what listens there unless they are set.
PORTS: Final = {
    "INGEST_PORT": 8001,
    "TIMELINE_PORT": 8002,
    "PROJECTOR_PORT": 8003,
    "REPLAYER_PORT": 8004,
    "KAFKA_PORT": 9092,
    "POSTGRES_PORT": 5433,
}
#: The variables that name where processes listen. What listens everywhere is asked on loopback.
HOSTS: Final = ("INGEST_HOST", "TIMELINE_HOST", "PROJECTOR_HOST", "REPLAYER_HOST")
_LOOPBACK: Final = "127.0.0.1"
_EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::"})
_GIVEN: Final = (*VARIABLES, "DATABASE_URL", "DATABASE_URL_FILE")
#: Where what the stack needs is downloaded to, once for all state folders.
DOWNLOADS: Final = Path(__file__).parents[4] / ".local" / "downloads"


@dataclass(frozen=True, slots=True)
class Settings:
    """The stack's settings. An empty `given_…` means that we start that engine ourselves."""

    state_dir: Path
    ingest_port: int
    timeline_port: int
    projector_port: int
    replayer_port: int
    kafka_port: int
    kafka_controller_port: int
    postgres_port: int
    given_kafka: str
    given_database: str = field(repr=False)
    given: Mapping[str, str] = field(repr=False)  # the variables that say how given engines are spoken to
    samples: bool
    ingest_tls: bool
    timeline_tls: bool
    restart_seconds: float  # before what has ended by itself is started again, the first time
    ingest_host: str = _LOOPBACK
    timeline_host: str = _LOOPBACK
    projector_host: str = _LOOPBACK
    replayer_host: str = _LOOPBACK

    @property
    def kafka(self) -> KafkaAccess:
        """Kafka, ours or the given one."""
        if self.given_kafka:
            return read_kafka_access({**self.given, "KAFKA_BOOTSTRAP_SERVERS": self.given_kafka})
        return KafkaAccess(self.bootstrap_servers)

    @property
    def bootstrap_servers(self) -> str:
        """Where Kafka is, ours or the given one."""
        return self.given_kafka or f"127.0.0.1:{self.kafka_port}"

    @property
    def database_url(self) -> str:
        """Where PostgreSQL is, ours or the given one."""
        return self.given_database or f"postgresql://dyadline@127.0.0.1:{self.postgres_port}/dyadline"

    @property
    def ingest_url(self) -> str:
        """Where the ingest service answers."""
        return f"{'https' if self.ingest_tls else 'http'}://{self.ingest_host}:{self.ingest_port}"

    @property
    def timeline_url(self) -> str:
        """Where the timeline service answers."""
        return f"{'https' if self.timeline_tls else 'http'}://{self.timeline_host}:{self.timeline_port}"

    def probes_url(self, service: str) -> str:
        """Where a service answers its probes."""
        urls = {"ingest": self.ingest_url, "timeline": self.timeline_url}
        host = getattr(self, f"{service}_host")
        return urls.get(service) or f"http://{host}:{getattr(self, f'{service}_port')}"

    @property
    def record(self) -> Path:
        """The file that says how the stack was started last."""
        return self.state_dir / "run" / "stack.json"

    def variables(self) -> dict[str, str]:
        """The environment from which these settings are read again."""
        return {
            "STATE_DIR": str(self.state_dir),
            **{name: str(getattr(self, name.lower())) for name in (*PORTS, "KAFKA_CONTROLLER_PORT")},
            "KAFKA_BOOTSTRAP_SERVERS": self.given_kafka,
            "DATABASE_URL": "",
            **self.given,
            "RESTART_SECONDS": str(self.restart_seconds),
        }


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in the environment; raises StackError for a value that cannot be."""
    given_kafka = environment.get("KAFKA_BOOTSTRAP_SERVERS", "").strip()
    ports = {name: _port(environment, name, default) for name, default in PORTS.items()}
    controller = _port(environment, "KAFKA_CONTROLLER_PORT", ports["KAFKA_PORT"] + 1)
    _refuse_clash({**ports, "KAFKA_CONTROLLER_PORT": controller})
    given = {name: text for name in _GIVEN if (text := environment.get(name, "").strip())}
    database = _check_given(given, given_kafka)
    samples = environment.get("SAMPLES", "").strip() or ("0" if given_kafka else "1")
    if samples not in {"0", "1"}:
        raise StackError(f"SAMPLES={samples}: write 1 to load the sample events into an empty log, 0 not to")
    places: dict[str, Any] = {name.lower(): port for name, port in ports.items()}
    places |= {name.lower(): _reached(environment.get(name, "").strip()) for name in HOSTS}
    return Settings(
        state_dir=Path(environment.get("STATE_DIR", "").strip() or ".local").absolute(),
        kafka_controller_port=controller,
        given_kafka=given_kafka,
        given_database=database,
        given=given,
        ingest_tls=bool(environment.get("INGEST_TLS_CERTIFICATE", "").strip()),
        timeline_tls=bool(environment.get("TIMELINE_TLS_CERTIFICATE", "").strip()),
        samples=samples == "1",
        restart_seconds=_seconds(environment, "RESTART_SECONDS", 0.5),
        **places,
    )


def read_own_settings() -> Settings:
    """The settings but for how given servers are spoken to, which who only stops or looks need not be able to."""
    given = {*_GIVEN} - {"DATABASE_URL"}
    return read_settings({name: text for name, text in os.environ.items() if name not in given})


def _check_given(given: Mapping[str, str], given_kafka: str) -> str:
    """The URL of a given database, once it is known that given engines can be spoken to so; raises StackError."""
    try:
        if not given_kafka and (named := [name for name in VARIABLES if name in given]):
            raise SettingError(
                f"{named[0]} is set, and Kafka is our own, which is spoken to in the clear: name the one that it is "
                "about with KAFKA_BOOTSTRAP_SERVERS, or take it away"
            )
        read_kafka_access(given)
        return read_database_url(given) or ""
    except SettingError as error:
        raise StackError(str(error)) from error


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise StackError(f"{name}={text} is not a port: write a number from 1 to 65535")
    return int(text)


def _reached(host: str) -> str:
    """How what listens there is reached from this machine."""
    if host in _EVERYWHERE:
        return _LOOPBACK
    return f"[{host}]" if ":" in host else host


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name, "").strip()
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = -1
    if not 0 < seconds <= 3_600:
        raise StackError(f"{name}={text} is no time to wait: write seconds, such as 0.5")
    return seconds


def _refuse_clash(ports: Mapping[str, int]) -> None:
    taken: dict[int, str] = {}
    for name, port in ports.items():
        if port in taken:
            raise StackError(f"{taken[port]} and {name} are both {port}: give each a port of its own")
        taken[port] = name
