"""`ingest retract`: one event, or all that a load has brought."""

import sys
from typing import Annotated, Any, Final

import httpx
import orjson
import typer
from rich.console import Console
from rich.prompt import Confirm

from ingest_service.cli.complaints import Complaints
from ingest_service.cli.looking import Looking
from ingest_service.cli.options import (
    DEFAULT_TIMELINE_URL,
    DEFAULT_URL,
    WAIT,
    Json,
    TimelineToken,
    TimelineUrl,
    Token,
    Url,
    Wait,
)
from ingest_service.cli.parts import Part, Receipt, numbered
from ingest_service.cli.posting import Way, carry_out
from ingest_service.cli.refusals import SendingError, refusal_text
from ingest_service.cli.services import Service
from ingest_service.cli.settling import Settlement
from ingest_service.cli.timeline import Timeline
from ingest_service.cli.undoing import Load, find_load
from ingest_service.importing.drafts import Unwatched
from ingest_service.importing.tally import Tally
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
    wait: Wait = WAIT,
    url: Url = DEFAULT_URL,
    token: Token = None,
    timeline_url: TimelineUrl = DEFAULT_TIMELINE_URL,
    timeline_token: TimelineToken = None,
    as_json: Json = False,
) -> None:
    """Retract an event, or with --batch all that a load has brought and nobody has changed since.

    What has been changed since, or was there before the load, is left as it is, and listed.

    Exit status: 0 retracted, 1 refused, rejected or something is left, 2 wrong usage, 3 a service or the log is out of
    reach.
    """
    if (event_id is None) == (batch is None):
        leave(ExitStatus.USAGE, "name one event, or a load with --batch")
    if not reason.strip():
        leave(ExitStatus.USAGE, "--reason is required: say why")
    if batch is not None and (expected_revision is not None or duplicate_of is not None):
        leave(ExitStatus.USAGE, "--expected-revision and --duplicate-of are for one event")
    ingest, projected = Service(url, token), Service(timeline_url, timeline_token)
    asked_after = projected if wait else None
    if batch is None:
        asked = {"reason": reason, "expected_revision": expected_revision, "duplicate_of": duplicate_of}
        given = {name: value for name, value in asked.items() if value is not None}
        _retract_one(ingest, str(event_id), given, asked_after)
        return
    with Timeline(projected) as timeline:
        load = find_load(timeline, batch)
        if load is None:
            leave(ExitStatus.REFUSED, f"no record names the load {batch}: timeline batches lists those there are")
        way = Way(ingest, "/v1/changes", {"batch": load.undoing}, asked_after, _AGAIN)
        _undo(load, reason, way, yes=yes, as_json=as_json)


def _retract_one(ingest: Service, event_id: str, body: dict[str, Any], timeline: Service | None) -> None:
    """Retract one event, and say where its verdict is, and what it is."""
    address = ingest.address(f"/v1/events/{event_id}/retractions")
    try:
        answer = httpx.post(
            address, json=body, headers=ingest.headers, timeout=30, trust_env=False, verify=ingest.trust
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        leave(ExitStatus.USAGE, f"{ingest.url} is not an address: {error}")
    except httpx.HTTPError as error:
        leave_out_of_reach(ingest.url, error)
    if answer.status_code != 202:
        status = ExitStatus.OUT_OF_REACH if answer.status_code >= 500 else ExitStatus.REFUSED
        leave(status, refusal_text(answer))
    position = answer.json()["position"]
    print(f"recorded at {position}; its verdict: {answer.headers['location']}")
    if timeline is not None:
        _settle_one(Receipt.of(position, event_id, 1, Part(orjson.dumps(body), event_id)), timeline)


def _settle_one(receipt: Receipt, timeline: Service) -> None:
    """Say what became of a retraction, and end the command where it was rejected."""
    tally = Tally(recorded=1)
    try:
        with Complaints(None) as complaints, Settlement(timeline, tally, complaints) as settlement:
            settlement.add([receipt])
            settlement.finish(Unwatched())
    except SendingError as error:
        leave(error.status, str(error))
    if tally.rejected:
        raise typer.Exit(ExitStatus.REFUSED)
    ((outcome, _),) = tally.events
    print(outcome)


def _undo(load: Load, reason: str, way: Way, *, yes: bool, as_json: bool) -> None:
    standing = load.standing()
    if not as_json:
        _show(load, standing)
    if standing and not yes:
        if not sys.stdin.isatty():
            leave(ExitStatus.USAGE, "say --yes where nobody can be asked")
        if not Confirm.ask(f"Retract {_many(standing, 'event')}?", console=Console(stderr=True), default=False):
            leave(ExitStatus.REFUSED, "nothing was retracted")
    with Complaints(None, as_lines=as_json) as complaints, Looking() as looking:
        looking.begin("retracting", 0, "events")
        parts = numbered("event", load.retractions(reason))
        tally = carry_out(way, parts, complaints, looking, as_json=as_json)
    if not as_json:
        changed = f"changed meanwhile {tally.rejected}, " if way.timeline is not None else ""
        print(f"retracted {tally.recorded - tally.rejected}, {changed}left {len(load.left)}")
        for event_id, title, why in load.left:
            print(f"{event_id}\t{why}\t{title}")
    remains = tally.rejected or tally.refused or any(item.why != "retracted since" for item in load.left)
    raise typer.Exit(ExitStatus.REFUSED if remains else ExitStatus.DONE)


def _show(load: Load, standing: int) -> None:
    pairs = load.pairs()
    named = ", ".join(f"{pair} {count}" for pair, count in pairs[:_SHOWN_PAIRS])
    more = f", and {len(pairs) - _SHOWN_PAIRS} more" if len(pairs) > _SHOWN_PAIRS else ""
    words = f"{load.name} has brought what {_many(standing, 'event')} of {_many(len(pairs), 'pair')} say now"
    print(f"{words}: {named}{more}" if pairs else words, file=sys.stderr)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
