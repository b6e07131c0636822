"""Options that commands have in common."""

from pathlib import Path
from typing import Annotated

import typer

from service_edge.access.client_tokens import token_option

Url = Annotated[str, typer.Option(envvar="INGEST_URL", help="Where the ingest service is.")]
Token = Annotated[str | None, token_option("INGEST_TOKEN")]
DEFAULT_URL = "http://127.0.0.1:8001"
TimelineUrl = Annotated[str, typer.Option(envvar="TIMELINE_URL", help="Where the timeline service is.")]
TimelineToken = Annotated[str | None, token_option("TIMELINE_TOKEN", "--timeline-token")]
DEFAULT_TIMELINE_URL = "http://127.0.0.1:8002"
Json = Annotated[bool, typer.Option("--json", help="Print what the services say of each line, and the counts.")]
BatchName = Annotated[str | None, typer.Option(metavar="NAME", help="The name of this load; again, it goes on.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is known what became of all of it.")]
WAIT = True
RefusedFile = Annotated[
    Path | None,
    typer.Option(help="Where to write what was refused or rejected: NDJSON of place, reason, original."),
]
