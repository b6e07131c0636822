"""`ingest post`: events from a file or standard input, sent up as a stream."""

from enum import Enum
from typing import Annotated

import typer

from ingest_service.cli.options import (
    DEFAULT_TIMELINE_URL,
    DEFAULT_URL,
    WAIT,
    BatchName,
    Json,
    RefusedFile,
    TimelineToken,
    TimelineUrl,
    Token,
    Url,
    Wait,
)
from ingest_service.cli.posting import Way, post_file
from ingest_service.cli.services import Service
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
    batch: BatchName = None,
    refused: RefusedFile = None,
    wait: Wait = WAIT,
    url: Url = DEFAULT_URL,
    token: Token = None,
    timeline_url: TimelineUrl = DEFAULT_TIMELINE_URL,
    timeline_token: TimelineToken = None,
    as_json: Json = False,
) -> None:
    """Post events, and say what became of them: what was refused or rejected is listed with the reason.

    Exit status: 0 all taken, 1 some refused or rejected, 2 wrong usage, 3 a service or the log is out of reach.
    """
    if existing is not None and reason is None:
        leave(ExitStatus.USAGE, "--existing correct needs a --reason: say why what is there is corrected")
    if existing is None and reason is not None:
        leave(ExitStatus.USAGE, "--reason is for --existing correct: leave it out, or say both")
    parameters = {"existing": existing.value if existing is not None else None, "reason": reason, "batch": batch}
    way = Way(Service(url, token), "/v1/events", parameters, Service(timeline_url, timeline_token) if wait else None)
    post_file(file, way, refused, as_json=as_json)
