"""`ingest import`: other people's data as events, with a report that adds up to its rows."""

from pathlib import Path
from typing import Annotated

import typer

from ingest_service.cli.complaints import Complaints
from ingest_service.cli.import_run import end, report, run_import
from ingest_service.cli.looking import Looking
from ingest_service.importing.files import is_encoding
from ingest_service.importing.gdelt import gdelt_drafts
from ingest_service.importing.tally import Tally
from service_edge.terminal import ExitStatus, leave


def import_(
    kind: Annotated[str, typer.Argument(help="What the files are: gdelt.")],
    files: Annotated[list[Path], typer.Argument(help="Files, plain or zipped; those named together are read as one.")],
    url: Annotated[
        str, typer.Option(envvar="INGEST_URL", help="Where the ingest service is.")
    ] = "http://127.0.0.1:8001",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Post nothing: report, and show the first events.")
    ] = False,
    apart: Annotated[bool, typer.Option("--apart", help="GDELT: an event for each row, nothing is merged.")] = False,
    encoding: Annotated[str, typer.Option(help="What the files' bytes are, such as latin-1.")] = "utf-8",
    refused: Annotated[
        Path | None, typer.Option(help="Where to write what was not taken: NDJSON of place, reason, original.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Import files of other people's data.

    Exit status: 0 all rows taken or dropped by rule, 1 some refused or unreadable, 2 wrong usage, 3 the service or its
    log is out of reach.
    """
    if kind != "gdelt":
        leave(ExitStatus.USAGE, f"{kind!r} is no kind of file: gdelt")
    if not is_encoding(encoding):
        leave(ExitStatus.USAGE, f"{encoding!r} is no encoding: write utf-8, latin-1, cp1252 …")
    tally = Tally()
    with Complaints(refused) as complaints, Looking() as looking:
        drafts = gdelt_drafts(files, tally, complaints.add, looking, encoding=encoding, apart=apart)
        status, words, shown = run_import(drafts, url, tally, complaints, dry_run=dry_run)
    report(tally, shown, dry_run=dry_run, as_json=as_json)
    end(status, words)
