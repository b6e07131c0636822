"""`timeline changes`: what has changed in the timeline of two countries between two moments."""

import sys
from typing import Annotated

import typer

from timeline_service.cli.changes_text import print_changes
from timeline_service.cli.client import DEFAULT_URL, TimelineClient
from timeline_service.cli.options import Json, Token, Url
from timeline_service.cli.timeline_text import write_timeline_json


def changes(
    a: Annotated[str, typer.Argument(help="A country by code or name.", metavar="COUNTRY")],
    b: Annotated[str, typer.Argument(help="Another one.", metavar="COUNTRY")],
    since: Annotated[
        str, typer.Option(metavar="MOMENT", help="An instant, such as 2025-07-01T00:00:00Z, or positions: 3:17,5:2.")
    ],
    until: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Written in the same way; by default now.")
    ] = None,
    include_retracted: Annotated[
        bool, typer.Option("--include-retracted", help="For who is shown retracted events too.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many; by default all.")] = None,
    as_json: Json = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """What a reader was shown at one moment and not at another: the last to be revised first.

    At a terminal + has appeared, − has left and ~ is changed. In a pipe each
    event is a line of change, date, title, the fields that differ, when it was
    revised last, by whom and why, and its id, with tabs between them.
    """
    query = {"since": since, "until": until, "include": "retracted" if include_retracted else None}
    with TimelineClient(url, token) as client:
        pages = client.timeline(f"{client.path_of(a, b)}/changes", query, limit)
        write_timeline_json(pages, sys.stdout.buffer) if as_json else print_changes(pages)
