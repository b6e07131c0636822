"""Where the stack runs: ports, its state folder, and servers that are given instead of started."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local_stack.errors import StackError

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
    given_database: str
    samples: bool
    restart_seconds: float  # before what has ended by itself is started again, the first time
    ingest_host: str = _LOOPBACK
    timeline_host: str = _LOOPBACK
    projector_host: str = _LOOPBACK
    replayer_host: str = _LOOPBACK

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
        return f"http://{self.ingest_host}:{self.ingest_port}"

    @property
    def timeline_url(self) -> str:
        """Where the timeline service answers."""
        return f"http://{self.timeline_host}:{self.timeline_port}"

    def probes_url(self, service: str) -> str:
        """Where a service answers its probes."""
        host = getattr(self, f"{service}_host")
        return f"http://{host}:{getattr(self, f'{service}_port')}"

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
            "DATABASE_URL": self.given_database,
            "RESTART_SECONDS": str(self.restart_seconds),
        }


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in the environment; raises StackError for a value that cannot be."""
    given_kafka = environment.get("KAFKA_BOOTSTRAP_SERVERS", "").strip()
    ports = {name: _port(environment, name, default) for name, default in PORTS.items()}
    controller = _port(environment, "KAFKA_CONTROLLER_PORT", ports["KAFKA_PORT"] + 1)
    _refuse_clash({**ports, "KAFKA_CONTROLLER_PORT": controller})
    samples = environment.get("SAMPLES", "").strip() or ("0" if given_kafka else "1")
    if samples not in {"0", "1"}:
        raise StackError(f"SAMPLES={samples}: write 1 to load the sample events into an empty log, 0 not to")
    places: dict[str, Any] = {name.lower(): port for name, port in ports.items()}
    places |= {name.lower(): _reached(environment.get(name, "").strip()) for name in HOSTS}
    return Settings(
        state_dir=Path(environment.get("STATE_DIR", "").strip() or ".local").absolute(),
        kafka_controller_port=controller,
        given_kafka=given_kafka,
        given_database=environment.get("DATABASE_URL", "").strip(),
        samples=samples == "1",
        restart_seconds=_seconds(environment, "RESTART_SECONDS", 0.5),
        **places,
    )


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
