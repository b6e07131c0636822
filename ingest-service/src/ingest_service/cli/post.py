"""`ingest post`: events from a file or standard input, sent up as a stream."""

from enum import Enum
from typing import Annotated

import typer

from ingest_service.cli.inputs import read_input
from ingest_service.cli.options import DEFAULT_URL, Json, Token, Url
from ingest_service.cli.posting import Way, opened, shown
from service_edge.terminal import ExitStatus, leave


class Existing(Enum):
    """What events do to those that are there."""

    CORRECT = "correct"


def post(
    file: Annotated[str, typer.Argument(help="A file of events: NDJSON, one JSON event, a JSON array; - for stdin.")],
    existing: Annotated[
        Existing | None,
        typer.Option(metavar="correct", help="They say how things are now: they correct what is there."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, with --existing.")] = None,
    batch: Annotated[str | None, typer.Option(metavar="NAME", help="The name of this load.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Post events, and list what was refused and why.

    Exit status: 0 all recorded, 1 some refused, 2 wrong usage, 3 the service or its log is out of reach.
    """
    if existing is not None and reason is None:
        leave(ExitStatus.USAGE, "--existing correct needs a --reason: say why what is there is corrected")
    if existing is None and reason is not None:
        leave(ExitStatus.USAGE, "--reason is for --existing correct: leave it out, or say both")
    parameters = {"existing": existing.value if existing is not None else None, "reason": reason, "batch": batch}
    with opened(file) as stream:
        part, lines = read_input(stream)
        way = Way(url, "/v1/events", parameters, part, as_json, token=token)
        way.conclude(way.send(shown(lines, stream)))
