"""`ingest retract`: one event, or all that a load has brought."""

import sys
from typing import Annotated, Any, Final

import httpx
import typer
from rich.console import Console
from rich.prompt import Confirm

from ingest_service.cli.inputs import gathered
from ingest_service.cli.options import DEFAULT_TIMELINE_URL, DEFAULT_URL, Json, TimelineToken, TimelineUrl, Token, Url
from ingest_service.cli.posting import Way, refusal_text
from ingest_service.cli.timeline import Timeline
from ingest_service.cli.undoing import Load, find_load
from service_edge.access.client_tokens import bearer
from service_edge.terminal import ExitStatus, leave, leave_out_of_reach

_SHOWN_PAIRS: Final = 10
_AGAIN: Final = "undo it again, nothing is retracted twice"


def retract(
    event_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="The event's id.")] = None,
    reason: Annotated[str, typer.Option(help="Why it no longer holds.")] = "",
    batch: Annotated[str | None, typer.Option(metavar="NAME", help="Undo this load, in place of one event.")] = None,
    expected_revision: Annotated[
        int | None, typer.Option(metavar="N", help="Only if this revision is the current one.")
    ] = None,
    duplicate_of: Annotated[str | None, typer.Option(metavar="ID", help="The event that says the same.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Undo a load without being asked.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    timeline_url: TimelineUrl = DEFAULT_TIMELINE_URL,
    timeline_token: TimelineToken = None,
    as_json: Json = False,
) -> None:
    """Retract an event, or with --batch all that a load has brought and nobody has changed since.

    What has been changed since, or was there before the load, is left as it is, and listed.

    Exit status: 0 retracted, 1 refused or something is left, 2 wrong usage, 3 a service or the log is out of reach.
    """
    if (event_id is None) == (batch is None):
        leave(ExitStatus.USAGE, "name one event, or a load with --batch")
    if not reason.strip():
        leave(ExitStatus.USAGE, "--reason is required: say why")
    if batch is not None and (expected_revision is not None or duplicate_of is not None):
        leave(ExitStatus.USAGE, "--expected-revision and --duplicate-of are for one event")
    with Timeline(timeline_url, timeline_token) as timeline:
        if batch is not None:
            load = find_load(timeline, batch)
            if load is None:
                leave(ExitStatus.REFUSED, f"no record names the load {batch}: timeline batches lists those there are")
            _undo(load, reason, url, token, yes=yes, as_json=as_json)
        else:
            asked = {"reason": reason, "expected_revision": expected_revision, "duplicate_of": duplicate_of}
            _retract_one(url, token, str(event_id), {name: value for name, value in asked.items() if value is not None})


def _retract_one(url: str, token: str | None, event_id: str, body: dict[str, Any]) -> None:
    """Retract one event, and say where its verdict is."""
    address = f"{url.rstrip('/')}/v1/events/{event_id}/retractions"
    try:
        answer = httpx.post(address, json=body, headers=bearer(token), timeout=30, trust_env=False)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        leave(ExitStatus.USAGE, f"{url} is not an address: {error}")
    except httpx.HTTPError as error:
        leave_out_of_reach(url, error)
    if answer.status_code != 202:
        status = ExitStatus.OUT_OF_REACH if answer.status_code >= 500 else ExitStatus.REFUSED
        leave(status, refusal_text(answer))
    print(f"recorded at {answer.json()['position']}; its verdict: {answer.headers['location']}")


def _undo(load: Load, reason: str, url: str, token: str | None, *, yes: bool, as_json: bool) -> None:
    standing = load.standing()
    if not as_json:
        _show(load, standing)
    if standing and not yes:
        if not sys.stdin.isatty():
            leave(ExitStatus.USAGE, "say --yes where nobody can be asked")
        if not Confirm.ask(f"Retract {_many(standing, 'event')}?", console=Console(stderr=True), default=False):
            leave(ExitStatus.REFUSED, "nothing was retracted")
    before = load.outcomes()
    way = Way(url, "/v1/changes", {"batch": load.undoing}, "event", as_json, _AGAIN, token)
    summary = way.send(gathered(load.retractions(reason)))
    after = load.outcomes(summary["timeline_position"] or None)
    retracted, rejected = (after[name] - before[name] for name in ("applied", "rejected"))
    if not as_json:
        print(f"retracted {retracted}, changed meanwhile {rejected}, left {len(load.left)}")
        for event_id, title, why in load.left:
            print(f"{event_id}\t{why}\t{title}")
    remains = rejected or summary["refused"] or any(item.why != "retracted since" for item in load.left)
    raise typer.Exit(ExitStatus.REFUSED if remains else ExitStatus.DONE)


def _show(load: Load, standing: int) -> None:
    pairs = load.pairs()
    named = ", ".join(f"{pair} {count}" for pair, count in pairs[:_SHOWN_PAIRS])
    more = f", and {len(pairs) - _SHOWN_PAIRS} more" if len(pairs) > _SHOWN_PAIRS else ""
    words = f"{load.name} has brought what {_many(standing, 'event')} of {_many(len(pairs), 'pair')} say now"
    print(f"{words}: {named}{more}" if pairs else words, file=sys.stderr)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
