"""What a state folder says of its stack: how it was started last, and whether it is meant to run."""

import json
from dataclasses import replace
from typing import Any

from local_stack.settings import HOSTS, PORTS, Settings

_GIVEN = "(given)"
_WANTED = "wanted"
_TLS = ("INGEST_TLS", "TIMELINE_TLS")


def write_record(settings: Settings, wanted: bool) -> None:
    """Keep the settings, of a database only whether it is given, and whether the stack is meant to run."""
    fresh = settings.record.with_suffix(".new")
    fresh.write_text(json.dumps({**_written(settings), _WANTED: wanted}))
    fresh.replace(settings.record)


def write_unwanted(settings: Settings) -> None:
    """Keep of the stack in this state folder that it is not meant to run; on a full disk nothing else of it."""
    if settings.record.exists():
        try:
            write_record(recorded_settings(settings), wanted=False)
        except OSError:
            settings.record.unlink(missing_ok=True)


def read_record(settings: Settings) -> dict[str, object]:
    """How the stack in this state folder was started last; empty if there is no record, or half of one."""
    try:
        record = json.loads(settings.record.read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def is_wanted(settings: Settings) -> bool:
    """Whether the stack was brought up, and not down since."""
    return read_record(settings).get(_WANTED) is True


def recorded_settings(settings: Settings) -> Settings:
    """The settings with which the stack in this state folder was started last; else these."""
    record = {**_written(settings), **read_record(settings)}
    places: dict[str, Any] = {name.lower(): int(str(record[name])) for name in (*PORTS, "KAFKA_CONTROLLER_PORT")}
    places |= {name.lower(): str(record[name]) for name in HOSTS}
    places |= {name.lower(): record[name] is True for name in _TLS}
    return replace(
        settings,
        **places,
        given_kafka=str(record["KAFKA_BOOTSTRAP_SERVERS"]),
        given_database=str(record["DATABASE_URL"]),
    )


def _written(settings: Settings) -> dict[str, object]:
    return {
        **{name: getattr(settings, name.lower()) for name in (*PORTS, "KAFKA_CONTROLLER_PORT")},
        **{name: getattr(settings, name.lower()) for name in (*HOSTS, *_TLS)},
        "KAFKA_BOOTSTRAP_SERVERS": settings.given_kafka,
        "DATABASE_URL": _GIVEN if settings.given_database else "",
    }
