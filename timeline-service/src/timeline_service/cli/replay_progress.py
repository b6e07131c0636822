"""How far a replay is, as a bar that moves at the terminal."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from timeline_service.cli.printing import wrap_parts
from timeline_service.domain.progress_words import progress_words

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
    for part in (heading, bar, Text("\n".join(wrap_parts(progress_words(progress), width)), "dim")):
        grid.add_row(part)
    return grid
