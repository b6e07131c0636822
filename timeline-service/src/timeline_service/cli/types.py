"""`timeline types`: what an event may be called, and what each of it means."""

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from timeline_service.cli.client import DEFAULT_URL, TimelineClient
from timeline_service.cli.options import Json, Url
from timeline_service.cli.printing import print_json, valence_mark


def types(url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """The types that an event may have, with their usual valence and their codes in CAMEO and PLOVER."""
    with TimelineClient(url) as client:
        body = client.get("/v1/types")
    if as_json:
        return print_json(body)
    console = Console(highlight=False)
    table = Table("", "type", "means", "CAMEO", "PLOVER", box=SIMPLE_HEAD)
    for item in body["items"]:
        codes = (" ".join(item["cameo"]), " ".join(item["plover"]))
        if not console.is_terminal:
            typer.echo("\t".join((item["code"], item["valence"] or "", *codes, item["description"])))
        mark, colour = valence_mark(item["valence"])
        table.add_row(Text(mark, colour), item["code"], item["description"], *codes)
    if console.is_terminal:
        console.print(table)
