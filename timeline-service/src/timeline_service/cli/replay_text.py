"""What came of a replay, as it reads at a terminal and in a pipe."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service_edge.terminal import ExitStatus, leave
from timeline_service.cli.printing import wrap_parts
from timeline_service.domain.difference_words import sides_of
from timeline_service.domain.progress_words import say_seconds
from timeline_service.domain.replays import rows_not_listed, rows_that_differ

View = Mapping[str, Any]
_EXPLAINED: Final = ("parked", "rejected", "duplicate")
#: A list of positions that is longer is no help to anybody who reads it.
_MAX_POSITIONS: Final = 10
_DIGEST: Final = 16


def print_replay(view: View) -> None:
    """A replay that is over: lines with tabs in a pipe, else in words. One without a result ends the command."""
    result = view.get("result")
    if result is not None:
        console = Console(highlight=False)
        if console.is_terminal:
            _print_coloured(console, view, result)
        else:
            typer.echo("\n".join(_lines(view, result)))
    if view["state"] != "succeeded":
        reason = f": {view['reason']}" if view.get("reason") else ""
        leave(ExitStatus.REFUSED, f"{view['state']}{reason}")


def _lines(view: View, result: View) -> Iterator[str]:
    yield f"{view['kind']}\t{_verdict(view, result)}"
    if "id" in view:
        yield f"replay\t{view['id']}"
    if (generation := _generation(view, result)) is not None:
        yield f"generation\t{generation}"
    for name in ("digest", "log_digest", "rows"):
        if result[name] is not None:
            yield f"{name}\t{result[name]}"
    if result["next_offsets"] is not None:
        yield f"next_offsets\t{','.join(_offsets(result))}"
    if "seconds" in result:  # not where it was killed between the swap and its end
        yield f"seconds\t{result['seconds']}"
    yield f"code_version\t{result['code_version']}"
    for name, count, positions in _explained(result):
        yield "\t".join((name, str(count), *([",".join(positions)] if positions else ())))
    for table in result["tables"]:
        facts = (table[name] for name in ("table", "rows", "digest", "differences", "log_digest"))
        yield "\t".join(("table", *("" if fact is None else str(fact) for fact in facts)))
    for item in result["differences"]:
        cells = (item["table"], item["key"], item["field"], *map(_json, (item["live"], item["log"])))
        what = "difference" if view["kind"] == "verify" else "repaired"
        yield "\t".join((what, *(cell or "" for cell in cells), item["position"] or ""))
    if more := rows_not_listed(result):
        yield f"more\t{more}"


def _print_coloured(console: Console, view: View, result: View) -> None:
    alarming = view["kind"] == "verify" and not result["equal"]
    console.print(
        Text.assemble((_verdict(view, result), "bold red" if alarming else "bold green"), _meaning(view, result))
    )
    if result["tables"]:
        console.print(_tables(result))
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    width = console.width - len("next offsets") - 2
    for name, words in _facts(view, result):
        facts.add_row(name, Text("\n".join(wrap_parts(words, width))))
    console.print(facts)
    if result["differences"]:
        _print_differences(console, view, result)


def _tables(result: View) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("table", overflow="fold")
    table.add_column("rows", justify="right")
    table.add_column("digest", overflow="fold")
    for item in result["tables"]:
        differ = f"  {item['differences']:,} differ" if item["differences"] else ""
        digest = Text.assemble(((item["digest"] or "")[:_DIGEST], "cyan"), (differ, "yellow"))
        table.add_row(Text(item["table"]), "" if item["rows"] is None else f"{item['rows']:,}", digest)
    table.add_row("whole", f"{result['rows']:,}", Text(result["digest"][:_DIGEST], "cyan"), style="bold")
    return table


def _facts(view: View, result: View) -> Iterator[tuple[str, list[str]]]:
    explained = [
        f"{count} {name}" + (f" ({', '.join(positions)})" if 0 < len(positions) <= _MAX_POSITIONS else "")
        for name, count, positions in _explained(result)
        if count
    ]
    if "explained" in result:
        yield "explained", explained or ["nothing parked, rejected or duplicate"]
    if result["next_offsets"] is not None:
        yield "next offsets", list(_offsets(result))
    if "seconds" in result:
        yield "took", [say_seconds(result["seconds"])]
    yield "code", [result["code_version"]]
    if "id" in view:
        yield "replay", [view["id"]]


def _print_differences(console: Console, view: View, result: View) -> None:
    """Each as its place and, below it, what both sides say: whole rows and long texts fit no table."""
    was = "was" if view["kind"] == "rebuild" else "live"
    repaired = "repaired " if view["kind"] == "rebuild" else ""
    for item in result["differences"]:
        place = Text.assemble(
            "\n",
            (repaired, "green"),
            (f"{item['table']} ", "bold"),
            item["key"],
            (f"  {item['field'] or 'row'}", "cyan"),
        )
        if item["position"]:
            place.append(f"  record {item['position']}", "dim")
        console.print(place)
        grid = Table.grid(padding=(0, 1))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        live, log = sides_of(item)
        grid.add_row(f"  {was}", Text(live, "red"))
        grid.add_row("  log", Text(log, "green"))
        console.print(grid)
    if more := rows_not_listed(result):
        console.print(Text(f"\nand {more:,} more", "yellow"))


def _verdict(view: View, result: View) -> str:
    if view["kind"] == "load":
        return "loaded"
    if view["kind"] != "verify":
        return "rebuilt" if view["state"] == "succeeded" else str(view["state"])
    return "equal" if result["equal"] else "different"


def _meaning(view: View, result: View) -> str:
    if view["state"] != "succeeded":
        return ""
    count = rows_that_differ(result)
    rows = f"{count:,} row{'' if count == 1 else 's'}"
    generation = _generation(view, result)
    if view["kind"] == "verify":
        return "  every row is as the log says" if result["equal"] else f"  in {rows} from what the log says"
    if view.get("until"):
        return f"  generation {generation} ends there, for ever: read it with generation={generation}"
    return f"  generation {generation} is shown from now on" + (f", with {rows} repaired" if count else "")


def _generation(view: View, result: View) -> int | None:
    found = result.get("generation", view.get("generation"))
    return int(found) if found is not None else None


def _offsets(result: View) -> Iterator[str]:
    """Exclusive ones: where each partition would go on."""
    return (f"{partition}:{offset}" for partition, offset in result["next_offsets"].items())


def _explained(result: View) -> Iterator[tuple[str, int, list[str]]]:
    """Each outcome that makes no row of its own, how often, and the positions that the result lists.

    Nothing where nobody has counted: that is not none.
    """
    if (explained := result.get("explained")) is None:
        return
    for name in _EXPLAINED:
        listed = (item["position"] for item in explained.get("records", ()) if item["outcome"] == name)
        yield name, explained[name], list(listed)


def _json(value: Any) -> str:
    """A value on one line; what would move a cursor is escaped."""
    return orjson.dumps(value).decode()
