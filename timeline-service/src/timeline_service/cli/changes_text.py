"""What has changed as it reads at a terminal and in a pipe: page by page, however much it is."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

Item = dict[str, Any]
Page = dict[str, Any]
#: The sign of a change and its colour: no meaning is told by colour alone.
_MARKS: Final = {"appeared": ("+", "green"), "left": ("−", "red"), "changed": ("~", "cyan")}
_MAX_VALUE_LENGTH: Final = 60


def print_changes(pages: Iterable[Page]) -> None:
    """A line for each event in a pipe, else as wide as the terminal, with what differs below it."""
    console = Console(highlight=False)
    if not console.is_terminal:
        for page in pages:
            if page["items"]:
                typer.echo("\n".join(map(_line, page["items"])))
        return
    counts, page = Counter[str](), Page()
    for number, page in enumerate(pages):
        if number == 0:
            since = page["since"] or "the beginning"
            words = Text.assemble((page["pair"], "bold"), (f"  from {since} to {page['until'] or 'now'}", "dim"))
            console.print(words)
        if page["items"]:
            console.print(_grid(page["items"]))
        counts.update(item["change"] for item in page["items"])
    console.print(_summing_up(counts, more=page["next"] is not None))


def _shown(item: Item) -> Item:
    """The event as it is shown now, or was last."""
    event: Item = item.get("event") or item["before"]
    return event


def _line(item: Item) -> str:
    event, last = _shown(item), item["revisions"][-1]
    fields = ",".join(change["pointer"] for change in item["changes"])
    reason = " ".join((last["reason"] or "").split())
    cells = (event["when"], event["title"], fields, last["recorded_at"], last["principal"], reason, event["id"])
    return "\t".join((item["change"], *cells))


def _grid(items: list[Item]) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for item in items:
        mark, style = _MARKS[item["change"]]
        event = _shown(item)
        title = (event["title"], "strike" if item["change"] == "left" else "")
        words = Text.assemble((f"{event['when']} ", "cyan"), title)
        for line in (*map(_difference, item["changes"]), *_revisions(item)):
            words.append("\n").append(line)
        grid.add_row(Text(mark, style), words)
    return grid


def _difference(change: Item) -> Text:
    name = change["pointer"].removeprefix("/")
    return Text.assemble(
        (f"{name}  ", "dim"), (_value(change["before"]), "red"), (" → ", "dim"), (_value(change["after"]), "green")
    )


def _value(value: Any) -> str:
    """A value in short; what is not there is a dash."""
    text = "–" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()
    text = " ".join(text.split())
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[:_MAX_VALUE_LENGTH]}…"


def _revisions(item: Item) -> Iterator[Text]:
    for step in item["revisions"]:
        why = f": {step['reason']}" if step["reason"] else ""
        yield Text(f"{step['recorded_at']}  {step['action']} by {step['principal']}{why}", "dim")


def _summing_up(counts: Counter[str], *, more: bool) -> Text:
    """How many there are, and what the marks mean."""
    total = counts.total()
    words = Text(f"the first {total} of more" if more else f"{total or 'no'} event{'' if total == 1 else 's'}", "dim")
    for change, (mark, style) in _MARKS.items():
        if counts[change]:
            words.append("  ").append(mark, style).append(f" {counts[change]} {change}", "dim")
    return words
