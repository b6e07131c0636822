"""`ingest correct`: corrections from a file or standard input, sent up as a stream."""

from typing import Annotated, Any

import orjson
import typer

from ingest_service.cli.inputs import gathered, lines_of, read_input
from ingest_service.cli.options import DEFAULT_URL, Json, Token, Url
from ingest_service.cli.posting import Way, opened, shown

_AGAIN = "post the same again: a correction that expects a revision is recorded once"


def correct(
    file: Annotated[
        str, typer.Argument(help="A file of corrections or of whole events: NDJSON, a JSON array; - for stdin.")
    ],
    reason: Annotated[str | None, typer.Option(help="Why, where a line does not say it itself.")] = None,
    batch: Annotated[str | None, typer.Option(metavar="NAME", help="The name of this load.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Correct events, and list what was refused and why.

    A line is {"id", "reason", "event", "expected_revision"?}, or an event with its id, as
    the timeline service exports it: then it corrects the revision that was exported, and
    nothing that was changed since.

    Exit status: 0 all recorded, 1 some refused, 2 wrong usage, 3 the service or its log is out of reach.
    """
    with opened(file) as stream:
        part, chunks = read_input(stream)
        way = Way(url, "/v1/changes", {"batch": batch}, part, as_json, _AGAIN, token)
        changes = (correction_of(line, reason) for line in lines_of(chunks))
        way.conclude(way.send(shown(gathered(changes), stream)))


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
