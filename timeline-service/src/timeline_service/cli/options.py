"""Options that commands have in common."""

from typing import Annotated

import typer

from service_edge.access.client_tokens import token_option

Url = Annotated[str, typer.Option(envvar="TIMELINE_URL", help="Where the timeline service answers.")]
Token = Annotated[str | None, token_option("TIMELINE_TOKEN")]
Json = Annotated[bool, typer.Option("--json", help="JSON, as the service answers it.")]
