"""`ingest correct`: corrections from a file or standard input, sent up as a stream."""

from typing import Annotated, Any

import orjson
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

_AGAIN = "post the same again: a correction that expects a revision is recorded once"


def correct(
    file: Annotated[
        str, typer.Argument(help="A file of corrections or of whole events: NDJSON, a JSON array; - for stdin.")
    ],
    reason: Annotated[str | None, typer.Option(help="Why, where a line does not say it itself.")] = None,
    batch: BatchName = None,
    refused: RefusedFile = None,
    wait: Wait = WAIT,
    url: Url = DEFAULT_URL,
    token: Token = None,
    timeline_url: TimelineUrl = DEFAULT_TIMELINE_URL,
    timeline_token: TimelineToken = None,
    as_json: Json = False,
) -> None:
    """Correct events, and say what became of it: what was refused or rejected is listed with the reason.

    A line is {"id", "reason", "event", "expected_revision"?}, or an event with its id, as
    the timeline service exports it: then it corrects the revision that was exported, and
    nothing that was changed since.

    Exit status: 0 all taken, 1 some refused or rejected, 2 wrong usage, 3 a service or the log is out of reach.
    """
    asked_after = Service(timeline_url, timeline_token) if wait else None
    way = Way(Service(url, token), "/v1/changes", {"batch": batch}, asked_after, _AGAIN)
    post_file(file, way, refused, lambda line: correction_of(line, reason), as_json=as_json)


def correction_of(line: bytes, reason: str | None) -> bytes:
    """A line as a change, whose words stay byte for byte as they came; what is wrong is for the service to say."""
    try:
        said = orjson.loads(line)
    except ValueError:
        return line
    if not isinstance(said, dict) or "action" in said:
        return line
    if "event" in said:
        around = {"action": "correct"} | ({"reason": reason} if reason is not None and "reason" not in said else {})
        return _begun(around) + b"," + line.strip()[1:] + b"\n"
    named: dict[str, Any] = {"id": said.get("id"), "reason": reason, "expected_revision": said.get("revision")}
    around = {"action": "correct"} | {name: value for name, value in named.items() if value is not None}
    return _begun(around) + b',"event":' + line.strip() + b"}\n"


def _begun(fields: dict[str, Any]) -> bytes:
    """An object that is still open."""
    return orjson.dumps(fields)[:-1]
