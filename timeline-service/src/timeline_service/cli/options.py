"""Options that commands have in common."""

from typing import Annotated

import typer

Url = Annotated[str, typer.Option(envvar="TIMELINE_URL", help="Where the timeline service answers.")]
Json = Annotated[bool, typer.Option("--json", help="JSON, as the service answers it.")]
