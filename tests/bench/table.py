"""The benchmark's table."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from tests.bench.figures import Figure, Peer, Unit, written


def print_table(figures: Sequence[Figure], title: str, console: Console) -> None:
    """Print every figure with its spread, its floor, their ratio, and the peers."""
    table = Table(box=SIMPLE_HEAD, title=title, pad_edge=False)
    table.add_column("figure", ratio=3)
    table.add_column("Dyadline", justify="right", no_wrap=True)
    table.add_column("of all runs", justify="right", no_wrap=True)
    table.add_column("floor", justify="right", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    table.add_column("CPU each", justify="right", no_wrap=True)
    table.add_column("what the floor is", ratio=2)
    table.add_column("peers", ratio=3)
    for figure in figures:
        table.add_row(
            figure.name,
            Text(written(figure.value, figure.unit), "bold red" if figure.too_large else "bold"),
            _spread(figure),
            written(figure.floor, figure.unit),
            f"{figure.ratio:.2f}" if figure.ratio is not None else "",
            f"{figure.cpu_seconds * 1e6:,.0f} µs" if figure.cpu_seconds else "",
            Text(figure.floor_name, "dim"),
            "\n".join(said(peer, figure.unit) for peer in figure.peers),
        )
    console.print(table)


def said(peer: Peer, unit: Unit) -> str:
    """A peer in a line; what was not measured in this run has a star."""
    return f"{peer.name}: {written(peer.value, unit)}{'' if peer.measured_here else ' *'}"


def print_notes(conditions: str, notes: Sequence[str], console: Console) -> None:
    """Print on what all of it was measured, and what else is to be said, such as which peers could not be had."""
    for line in (
        conditions,
        "* not measured in this run. Pages are usable when all is shown and nothing has taken 50 ms for half a second.",
        *notes,
    ):
        console.print(Text(line, "dim"))


def _spread(figure: Figure) -> str:
    if figure.spread is None:
        return ""
    least, most = (written(value, figure.unit).rpartition(" ")[0] for value in figure.spread)
    return f"{least}–{most}"
