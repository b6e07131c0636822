"""How far a replay is, as a bar that moves at the terminal."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.filesize import decimal
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from timeline_service.cli.printing import fold_parts

View = Mapping[str, Any]
_WIDEST_BAR: Final = 60


@contextmanager
def showing_progress() -> Iterator[Callable[[View], None]]:
    """A place to show a replay in, again and again; it leaves nothing behind. Without a terminal nothing is shown."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda _: None
        return
    with Live(console=console, transient=True) as live:
        yield lambda view: live.update(_drawn(view, console.width))


def _drawn(view: View, width: int) -> Table:
    progress = view["progress"]
    done, total = progress["records"], progress["total"]
    heading = Text.assemble((f"{view['kind']}  ", "bold"), progress["phase"])
    # Before the first record and after the last there is work that is not counted in records.
    bar = ProgressBar(total or 1, done, min(width, _WIDEST_BAR), pulse=done >= total)
    grid = Table.grid()
    for part in (heading, bar, Text("\n".join(fold_parts(_details(progress), width)), "dim")):
        grid.add_row(part)
    return grid


def _details(progress: View) -> Iterator[str]:
    if progress["total"]:
        yield f"{100 * progress['records'] // progress['total']} %"
        yield f"{progress['records']:,} of {progress['total']:,} records"
    if progress["bytes"]:
        whole = f" of {decimal(progress['bytes_total'])}" if progress["bytes_total"] else ""
        yield f"{decimal(progress['bytes'])}{whole}"
    if progress["rate"] is not None:
        yield f"{progress['rate']:,.0f} a second"
    if progress["seconds_left"] is not None:
        yield f"{say_seconds(progress['seconds_left'])} left"


def say_seconds(seconds: float) -> str:
    """A time that something takes, as exactly as anybody wants to know."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
