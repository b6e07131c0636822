"""`timeline batches`: the loads there were, and what became of one."""

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from timeline_service.cli.client import DEFAULT_URL, TimelineClient
from timeline_service.cli.options import Json, Token, Url
from timeline_service.cli.printing import print_json

_COLUMNS = ("load", "first", "last", "records", "applied", "duplicate", "rejected", "parked")


def batches(
    name: Annotated[str | None, typer.Argument(help="One of them.", metavar="[NAME]")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """The loads there were by name, each with what became of its records; of one also why records were rejected."""
    with TimelineClient(url, token) as client:
        if name is not None:
            body = client.get(f"/v1/batches/{quote(name, safe='')}")
        else:
            body = {"items": client.pages("/v1/batches")}
    if as_json:
        return print_json(body)
    _print([body] if name is not None else body["items"])
    for problem, count in body.get("problems", {}).items():
        typer.echo(f"{problem}\t{count}")


def _print(items: list[dict[str, Any]]) -> None:
    rows = [
        (item["name"], item["first_at"], item["last_at"], str(item["records"]), *map(str, item["outcomes"].values()))
        for item in items
    ]
    console = Console(highlight=False)
    if not console.is_terminal:
        for row in rows:
            typer.echo("\t".join(row))
        return
    if not rows:
        return console.print("no record names a load")
    table = Table(box=SIMPLE_HEAD)
    for number, column in enumerate(_COLUMNS):
        table.add_column(column, justify="right" if number > 2 else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)
