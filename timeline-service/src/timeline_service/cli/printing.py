"""Answers as they read at a terminal: tables and colour there, plain lines in a pipe."""

from collections.abc import Iterable
from typing import Any, Final

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_VALENCES: Final = {"cooperative": ("+", "green"), "conflictual": ("−", "red"), "neutral": ("·", "yellow")}


def valence_mark(valence: str | None) -> tuple[str, str]:
    """The sign of a valence and its colour: no meaning is told by colour alone."""
    return _VALENCES.get(valence or "", (" ", ""))


def wrap_parts(parts: Iterable[str], width: int) -> list[str]:
    """Parts with dots between them, in as few lines as hold them whole."""
    lines = list[str]()
    for part in parts:
        if lines and cell_len(f"{lines[-1]} · {part}") <= width:
            lines[-1] += f" · {part}"
        else:
            lines.append(part)
    return lines


def print_json(body: dict[str, Any]) -> None:
    """An answer as the service gave it."""
    typer.echo(orjson.dumps(body, option=orjson.OPT_INDENT_2))


def print_status(body: dict[str, Any]) -> None:
    """How far the projection is, and what became of the records."""
    lag, records = body["lag"], body["records"]
    lag_words = "unknown: Kafka is out of reach, or no projector has run" if lag is None else str(lag)
    facts = {
        "topic": body["topic"],
        "generation": body["generation"],
        "lag": lag_words,
        "records": records["total"],
        **{name: count for name, count in records.items() if name != "total"},
        "last verification": _last_verification(body["last_verification"]),
        "replayers": ", ".join(body["replayers"]) or "none",
        **_replicas(body["replicas"]),
        **_stopped(body["partitions"]),
    }
    alarms = {
        "lag": lag != 0,
        **{name: records[name] for name in ("rejected", "parked")},
        "last verification": body["last_verification"] is not None and not body["last_verification"]["equal"],
        "replayers": not body["replayers"],
        **{f"replica {item['name']}": item["why_not"] is not None for item in body["replicas"]},
        **_stopped(body["partitions"]),
    }
    console = Console(highlight=False)
    if not console.is_terminal:
        for name, value in facts.items():
            typer.echo(f"{name}\t{value}")
        return
    grid = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        grid.add_row(Text(name, "dim"), Text(str(value), "yellow" if alarms.get(name) else "bold"))
    console.print(grid)
    table = Table(box=SIMPLE_HEAD)
    for name in ("partition", "log start", "log end", "next offset", "lag"):
        table.add_column(name, justify="right")
    for item in body["partitions"]:
        names = ("partition", "log_start", "log_end", "next_offset", "lag")
        cells = ("?" if item[name] is None else str(item[name]) for name in names)
        table.add_row(*cells, style="yellow" if item["lag"] != 0 else "")
    console.print(table)


def _stopped(partitions: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Which partitions go no further, and why."""
    reasons: dict[str, list[str]] = {}
    for item in partitions:
        if item["stopped"] is not None:
            reasons.setdefault(item["stopped"], []).append(str(item["partition"]))
    words = "; ".join(f"partitions {', '.join(numbers)}: {reason}" for reason, numbers in reasons.items())
    return {"stopped": words} if words else {}


def _replicas(replicas: Iterable[dict[str, Any]]) -> dict[str, str]:
    """What is read of each replica."""
    return {
        f"replica {item['name']}": f"not read: {item['why_not']}"
        if item["why_not"] is not None
        else f"read, {'?' if item['lag'] is None else item['lag']} records behind"
        for item in replicas
    }


def _last_verification(last: dict[str, Any] | None) -> str:
    if last is None:
        return "never: run timeline replay"
    return f"{'equal' if last['equal'] else 'different'}, {last['finished_at']}, digest {last['digest'][:16]}"


def print_parked(items: list[dict[str, Any]]) -> None:
    """Parked records: a line for each in a pipe, else a table."""
    rows = [(item["position"], item["event_id"] or "", item["reason"], item["detail"] or "") for item in items]
    console = Console(highlight=False)
    if not console.is_terminal:
        for row in rows:
            typer.echo("\t".join(row))
        return
    if not rows:
        return console.print("nothing is parked")
    table = Table("position", "event", "reason", "detail", box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
