"""One import from its drafts to its report and exit status."""

from collections.abc import Iterator
from typing import Any, NoReturn

import httpx
import orjson
import typer

from ingest_service.cli.complaints import Complaints
from ingest_service.cli.rehearsal import Rehearsal
from ingest_service.cli.sending import Sender, SendingError
from ingest_service.importing.drafts import Draft
from ingest_service.importing.files import FileError
from ingest_service.importing.tally import Tally
from service_edge.terminal import ExitStatus, leave


def run_import(
    drafts: Iterator[Draft], url: str, tally: Tally, complaints: Complaints, *, dry_run: bool
) -> tuple[ExitStatus, str, list[dict[str, Any]]]:
    """Send all drafts, or rehearse it; returns the status, what went wrong, and the first events of a rehearsal."""
    shown: list[dict[str, Any]] = []
    try:
        if dry_run:
            rehearsal = Rehearsal(tally, complaints.add)
            shown = rehearsal.shown
            rehearsal.send(drafts)
        else:
            with httpx.Client(trust_env=False) as client:
                Sender(client, f"{url.rstrip('/')}/v1/events", tally, complaints.add).send(drafts)
    except FileError as error:
        return ExitStatus.REFUSED, str(error), shown
    except SendingError as error:
        return error.status, str(error), shown
    return (ExitStatus.REFUSED if tally.refused or tally.unreadable else ExitStatus.DONE), "", shown


def report(tally: Tally, shown: list[dict[str, Any]], *, dry_run: bool, as_json: bool) -> None:
    """Print what became of the rows, and the first events of a rehearsal."""
    if as_json:
        told = {**tally.summary(), **({"dry_run": True, "first": shown} if dry_run else {})}
        print(orjson.dumps(told).decode())
        return
    print(f"{tally.rows} rows" + (", nothing was posted; it would be:" if dry_run else ""))
    width = len(str(tally.rows))
    for count, words in tally.lines():
        print(f"  {count:{width}} {words}")
    for event in shown:
        print(f"\n{event['when']}  {' '.join(event['pairs'])}  {event['title']}")
        for name in [name for name in event if name not in {"when", "pairs", "title"}]:
            print(f"  {name}: {orjson.dumps(event[name]).decode()}")


def end(status: ExitStatus, words: str) -> NoReturn:
    """Leave with the status, and say why."""
    if words:
        leave(status, words)
    raise typer.Exit(status)
