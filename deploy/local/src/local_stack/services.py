"""The product's own processes: how each is started, and when it is ready."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from typing import Final

import httpx

from local_stack.code_digest import code_digest
from local_stack.commands import run_command
from local_stack.credential import access_variables, own_headers
from local_stack.processes import Process
from local_stack.settings import HOSTS, Settings
from service_edge.hosts import is_loopback
from service_edge.kafka_access import VARIABLES

READY_SECONDS: float = 60
REBUILD_SECONDS: float = 5  # between two looks at a rebuild for which others wait
_COMMANDS: Final = {
    "ingest": ("ingest_service.cli", "serve"),
    "projector": ("timeline_service.cli", "project"),
    "timeline": ("timeline_service.cli", "serve"),
    "replayer": ("timeline_service.cli", "replayer"),
}
#: What a service is told otherwise, or not at all: where it is, and the tokens of commands.
_STACKS_OWN: Final = {
    f"{prefix}_{name}" for prefix in ("INGEST", "TIMELINE") for name in ("PORT", "URL", "TOKEN", "TOKEN_FILE")
}
#: What of the timeline service's settings concerns only who answers its API, and what else only its doors: its
#: projector and replayer are behind doors only where they listen beyond this machine.
_API: Final = (
    "PUBLIC_READING", "READING_ORIGINS", "ALLOWED_HOSTS", "ALLOWED_ORIGINS", "TLS_CERTIFICATE", "TLS_KEY", "HOST",
    "READY_LAG_SECONDS", "CONNECTIONS", "HEARTBEAT_SECONDS", "SLOW_SECONDS", "WALK_FROM", "WALK_SECONDS",
    "API_WORKERS", "READ_DATABASE_URL", "READ_DATABASE_URL_FILE", "REPLICA_WAIT_SECONDS",
)  # fmt: skip
_DOORS: Final = ("REQUESTS_PER_MINUTE", "TOKENS_FILE", "OIDC_")
#: Their names, in the order of their start.
SERVICES: Final = tuple(_COMMANDS)


def service(settings: Settings, name: str) -> Process:
    """One of the product's processes."""
    command = [sys.executable, "-m", *_COMMANDS[name]]
    package = _COMMANDS[name][0].partition(".")[0]
    environment = _environment(settings, name)
    return Process(name, command, settings.state_dir, environment=environment, code=code_digest(package))


def service_variables() -> dict[str, str]:
    """The services' settings that are not the stack's own, as our environment has them."""
    return {**_prefixed("INGEST_"), **_prefixed("TIMELINE_"), **_named(*HOSTS)}


async def migrate(settings: Settings) -> None:
    """Bring the database's tables up to date; raises StackError."""
    command = [sys.executable, "-m", "timeline_service.cli", "migrate"]
    await run_command(command, "the database could not be migrated", _environment(settings, "projector"))


async def wait_until_ready(settings: Settings, process: Process, say: Callable[[str], None]) -> None:
    """Wait until a service says that it is ready; raises StackError when it ends or takes too long.

    A rebuild may take as long as the log is long. Until it is done, new code has nothing to show or to project, and
    whoever stopped the stack then would only begin it anew: we say how far it is, and wait.
    """
    now = time.monotonic()
    look, deadline, told = now + REBUILD_SECONDS, now + READY_SECONDS, ""
    while not await _is_ready(settings, process):
        if process.pid() is None:
            raise process.ended()
        if (now := time.monotonic()) > look:
            look = now + REBUILD_SECONDS
            if words := await rebuilding(settings, "running"):
                deadline = now + READY_SECONDS
                if words != told:
                    say(f"{process.name} waits: {words}")
                    told = words
        if now > deadline:
            raise process.not_ready(READY_SECONDS)
        await asyncio.sleep(0.1)


async def rebuilding(settings: Settings, *states: str) -> str:
    """How far a rebuild in one of these states is, for a person; empty if there is none, or nobody says so."""
    replays = await _asked(settings, "/v1/replays") or {"items": []}
    items = replays["items"]
    assert isinstance(items, list)
    for item in items:
        if item["kind"] == "rebuild" and item["state"] in states:
            progress = item["progress"]
            done = f", {progress['records']} of {progress['total']} records" if progress["total"] else ""
            return f"the projection is made anew from the log ({progress['phase']}{done})"
    return ""


async def projection(settings: Settings) -> dict[str, object] | None:
    """What the timeline service says of the projection, or None if it does not answer."""
    return await _asked(settings, "/v1/status")


async def _asked(settings: Settings, path: str) -> dict[str, object] | None:
    """What the timeline service answers, or None if it does not, or if something else answers in its place."""
    async with own_client(settings) as client:
        try:
            answer = await client.get(settings.timeline_url + path)
            document = answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None
    return document if isinstance(document, dict) and document.keys() & {"partitions", "items"} else None


async def _is_ready(settings: Settings, process: Process) -> bool:
    """Whether a service says so: the projector once it owns partitions, the replayer once it can claim replays."""
    async with own_client(settings) as client:
        try:
            return (await client.get(f"{settings.probes_url(process.name)}/readyz")).status_code == 200
        except httpx.HTTPError:
            return False


def own_client(settings: Settings, seconds: float = 5) -> httpx.AsyncClient:
    """A client for the stack's own services on this machine, which it has started itself, whomever they certify."""
    return httpx.AsyncClient(headers=own_headers(settings), timeout=seconds, trust_env=False, verify=False)


def _environment(settings: Settings, name: str) -> dict[str, str]:
    """What concerns one of them, and no other: where it differs, that one is started again."""
    common = {"KAFKA_BOOTSTRAP_SERVERS": settings.bootstrap_servers, "PYTHONUNBUFFERED": "1"}
    common |= _prefixed("LOG_") | _prefixed("OTEL_") | _named(f"{name.upper()}_HOST")
    common |= {name: text for name, text in settings.given.items() if name in VARIABLES}
    if name == "ingest":
        port = str(settings.ingest_port)
        access = access_variables(settings, "INGEST_")
        return {**_prefixed("INGEST_"), **access, **common, "INGEST_PORT": port, "TIMELINE_URL": settings.timeline_url}
    access = access_variables(settings, "TIMELINE_") if name == "timeline" else {}
    timeline = {**_timeline_variables(name), **access, **common, **_database(settings)}
    if name == "timeline":
        timeline |= {"INGEST_URL": settings.ingest_url}
    return timeline | {f"{name.upper()}_PORT": str(getattr(settings, f"{name}_port"))}


def _timeline_variables(name: str) -> dict[str, str]:
    """The settings of the timeline service's package that concern one of its processes."""
    told = _prefixed("TIMELINE_")
    if name == "timeline":
        return told
    others = {f"TIMELINE_{setting}" for setting in _API}
    doors = tuple(f"TIMELINE_{setting}" for setting in _DOORS)
    is_open = not is_loopback(os.environ.get(f"{name.upper()}_HOST", "127.0.0.1"))
    return {key: text for key, text in told.items() if key not in others and (is_open or not key.startswith(doors))}


def _named(*names: str) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}


def _database(settings: Settings) -> dict[str, str]:
    """Where the database is; one that is named by a file stays in that file."""
    if path := settings.given.get("DATABASE_URL_FILE"):
        return {"DATABASE_URL_FILE": path}
    return {"DATABASE_URL": settings.database_url}


def _prefixed(prefix: str) -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if name.startswith(prefix) and name not in _STACKS_OWN}
