"""A timeline as it reads at a terminal, in a pipe and as JSON: page by page, however long it is."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

import orjson
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from event_schemas.dates import parse_when
from timeline_service.cli.printing import valence_mark, wrap_parts
from timeline_service.domain.date_words import say_when

Event = dict[str, Any]
Page = dict[str, Any]
#: A date, or an interval, that reads by itself: 2020-21 is a spring, 2020-06? is uncertain.
_PLAIN: Final = re.compile(r"(?:(?:\A|(?<=\d)/)\d{4}(?:-(?:0\d|1[0-2])(?:-\d\d)?)?){1,2}")
#: EDTF's quarters, 33 to 36, which few readers know.
_QUARTER: Final = re.compile(r"(\d{4})-(3[3-6])")


def write_timeline_json(pages: Iterable[Page], to: BinaryIO) -> None:
    """All pages as the one that they would be, `items` and `next` at its end."""
    page, separator = Page(), b""
    for number, page in enumerate(pages):
        if number == 0:
            head = {name: value for name, value in page.items() if name not in {"items", "next"}}
            to.write(orjson.dumps(head, option=orjson.OPT_INDENT_2).removesuffix(b"\n}") + b',\n  "items": [')
        for item in page["items"]:
            # No string in JSON holds the end of a line: all of these stand between its tokens.
            indented = orjson.dumps(item, option=orjson.OPT_INDENT_2).replace(b"\n", b"\n    ")
            to.write(separator + b"\n    " + indented)
            separator = b","
    to.write((b"\n  " if separator else b"") + b'],\n  "next": ' + orjson.dumps(page["next"]) + b"\n}\n")
    to.flush()


def print_timeline(pages: Iterable[Page]) -> None:
    """A line for each event in a pipe, else as wide as the terminal."""
    console = Console(highlight=False)
    if console.is_terminal:
        _print_coloured(console, pages)
        return
    for page in pages:
        if page["items"]:
            typer.echo("\n".join(map(_line, page["items"])))


def _line(item: Event) -> str:
    cells = (item["when"], item["valence"] or "", item["type"], item["title"], item["id"])
    return "\t".join((*cells, "retracted") if item["status"] == "retracted" else cells)


def _print_coloured(console: Console, pages: Iterable[Page]) -> None:
    counts: Counter[str | None] = Counter()
    retracted, width, page = 0, 0, Page()
    for page in pages:
        items: list[Event] = page["items"]
        if width == 0:
            console.print(_heading(page))
        dates = [_date(item["when"], console.width) for item in items]
        width = max((width, 4, *(cell_len(line) for date in dates for line in date.split("\n"))))
        if items:
            console.print(_grid(items, dates, width, console.width))
        counts.update(item["valence"] for item in items)
        retracted += sum(item["status"] == "retracted" for item in items)
    console.print(_summing_up(counts, retracted, more=page["next"] is not None))


def _heading(page: Page) -> Text:
    first, second = (country["name"] for country in page["countries"])
    as_of = f"  as recorded at {page['as_of']}" if "as_of" in page else ""
    return Text.assemble((f"{first} – {second}", "bold"), (f"  {page['pair']}{as_of}", "dim"))


def _grid(items: list[Event], dates: list[str], width: int, columns: int) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, min_width=width)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for item, date in zip(items, dates, strict=True):
        mark, style = valence_mark(item["valence"])
        grid.add_row(Text(date, "cyan"), Text(mark, style), _words(item, columns - width - 3))
    return grid


def _date(when: str, columns: int) -> str:
    """A date as it is written, but for quarters; an interval that would take much of the width, on two lines."""
    when = _QUARTER.sub(lambda found: f"{found[1]} Q{int(found[2]) - 32}", when)
    return when.replace("/", "/\n") if len(when) > max(10, columns // 4) else when


def _words(item: Event, width: int) -> Text:
    """A title, and what stands behind it or, where that does not fit into one line, below it."""
    retracted = item["status"] == "retracted"
    words = Text(item["title"], "strike" if retracted else "")
    details = Text("\n".join(wrap_parts(_details(item), width)), "dim")
    if retracted:
        details.stylize("not dim red", 0, len("retracted"))
    beside = "\n" not in details.plain and words.cell_len + 2 + details.cell_len <= width
    return Text.assemble(words, "  " if beside else "\n", details)


def _details(item: Event) -> Iterator[str]:
    """What stands behind a title: its date in words unless that reads by itself, its type, who began, and so on."""
    if item["status"] == "retracted":
        yield "retracted"
    if not _PLAIN.fullmatch(item["when"]):
        yield say_when(parse_when(item["when"]))
    yield item["type"]
    if item["stage"]:
        yield item["stage"]
    if item["initiators"]:
        yield f"by {', '.join(item['initiators'])}"
    if sources := len(item["sources"]):
        yield f"{sources} source{'s' if sources > 1 else ''}"
    if item["revision"] > 1:
        yield f"revision {item['revision']}"


def _summing_up(counts: Counter[str | None], retracted: int, *, more: bool) -> Text:
    """How many there are, and what the marks mean."""
    total = counts.total()
    words = Text(f"the first {total} of more" if more else f"{total or 'no'} event{'' if total == 1 else 's'}", "dim")
    for valence in ("cooperative", "neutral", "conflictual"):
        if counts[valence]:
            mark, style = valence_mark(valence)
            words.append("  ").append(mark, style).append(f" {counts[valence]} {valence}", "dim")
    if retracted:
        words.append(f"  {retracted} retracted", "dim")
    return words
