"""An event of the live feed as it reads at a terminal, in a pipe and as JSON."""

from typing import Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from timeline_service.cli.event_stream import ServerSentEvent
from timeline_service.cli.printing import valence_mark, wrap_parts

_STYLES: Final = {
    "recorded": "green",
    "reinstated": "green",
    "corrected": "cyan",
    "retracted": "red",
    "duplicate": "dim",
    "left": "yellow",
    "rejected": "yellow",
    "parked": "yellow",
}
_MAX_NAME_LENGTH: Final = max(map(len, _STYLES))
_MAX_PAIRS: Final = 6
_CLOCK: Final = len("00:00:00Z")
_INDENT: Final = _CLOCK + 1 + _MAX_NAME_LENGTH + 1 + 1 + 1


def print_feed_event(event: ServerSentEvent, *, as_json: bool) -> None:
    """One event of the feed: as JSON, tab-separated in a pipe, or coloured."""
    data: dict[str, Any] = orjson.loads(event.data or "{}")
    if as_json:
        typer.echo(orjson.dumps({"id": event.id, "event": event.name, "data": data}))
        return
    about: dict[str, Any] = data.get("event") or {}
    happened: str = (event.name == "applied" and data["action"]) or event.name
    console = Console(highlight=False)
    if console.is_terminal:
        _print_coloured(console, happened, data, about)
        return
    cells = (about.get("revised_at"), happened, about.get("when"), _title(data, about), _place(data, about))
    typer.echo("\t".join(cell or "" for cell in cells))


def _print_coloured(console: Console, happened: str, data: dict[str, Any], about: dict[str, Any]) -> None:
    clock = f"{about['revised_at'][11:19]}Z" if about else ""
    mark, style = valence_mark(about.get("valence"))
    words = Text.assemble(
        (f"{about['when']} " if about else "", "cyan"),
        (_title(data, about), "strike" if happened == "retracted" else ""),
    )
    width = console.width - _INDENT
    details = Text("\n".join(wrap_parts(_details(about) if about else (), width)), "dim")
    beside = "\n" not in details.plain and words.cell_len + 2 + details.cell_len <= width
    words = Text.assemble(words, ("  " if beside else "\n") if about else "", details)
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, min_width=_CLOCK)
    grid.add_column(no_wrap=True, min_width=_MAX_NAME_LENGTH)
    grid.add_column(no_wrap=True, min_width=1)
    grid.add_column(overflow="fold")
    grid.add_row(Text(clock, "dim"), Text(happened, _STYLES.get(happened, "")), Text(mark, style), words)
    console.print(grid)


def _details(about: dict[str, Any]) -> list[str]:
    pairs: list[str] = about["pairs"]  # sixty countries have 1,770
    return [*(pairs if len(pairs) <= _MAX_PAIRS else [f"{len(pairs)} pairs"]), about["id"]]


def _title(data: dict[str, Any], about: dict[str, Any]) -> str:
    if about:
        return str(about["title"])
    return f"the record at {data['position']}" + (f" ({data['problem']})" if data.get("problem") else "")


def _place(data: dict[str, Any], about: dict[str, Any]) -> str:
    return str(about["id"] if about else data["position"])
