"""`ingest import`: other people's data as events, with a report that adds up to its rows."""

from pathlib import Path
from typing import Annotated, Final, Literal

import orjson
import typer

from ingest_service.cli.complaints import Complaints
from ingest_service.cli.following import follow
from ingest_service.cli.import_run import Import
from ingest_service.cli.import_sources import GDELT, KINDS, UnusableError, source_of
from ingest_service.cli.options import (
    DEFAULT_TIMELINE_URL,
    DEFAULT_URL,
    WAIT,
    BatchName,
    RefusedFile,
    TimelineToken,
    TimelineUrl,
    Token,
    Url,
    Wait,
)
from ingest_service.cli.posting import Way
from ingest_service.cli.services import Service
from ingest_service.importing.mapping import mapping_schema
from service_edge.terminal import ExitStatus, leave

_AGAIN: Final = "import the same again, nothing is recorded twice"


def _show_schema(wanted: bool) -> None:
    if wanted:
        print(orjson.dumps(mapping_schema(), option=orjson.OPT_INDENT_2).decode())
        raise typer.Exit


def import_(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"What the files are: {', '.join(KINDS)}.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files, plain or zipped; a table may also be .xlsx or .parquet.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="csv, ndjson: a YAML file that says what the columns mean.")
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    timeline_url: TimelineUrl = DEFAULT_TIMELINE_URL,
    timeline_token: TimelineToken = None,
    wait: Wait = WAIT,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Post nothing: report, and show the first events.")
    ] = False,
    apart: Annotated[bool, typer.Option("--apart", help="gdelt: an event for each row, nothing is merged.")] = False,
    encoding: Annotated[str | None, typer.Option(help="What the files' bytes are, if not UTF-8: latin-1 …")] = None,
    refused: RefusedFile = None,
    batch: BatchName = None,
    existing: Annotated[
        Literal["correct"] | None, typer.Option(help="correct: what is known is corrected to what the files say.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for --existing.")] = None,
    followed: Annotated[
        Path | None, typer.Option("--follow", help="A folder of which each file is imported once, as it comes.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    _schema: Annotated[
        bool,
        typer.Option(
            "--mapping-schema", help="Print the JSON Schema of mappings.", is_eager=True, callback=_show_schema
        ),
    ] = False,
) -> None:
    """Import files of other people's data.

    Exit status: 0 all rows taken or dropped by rule, 1 some refused, rejected or unreadable, 2 wrong usage, 3 a service
    or the log is out of reach.
    """
    if apart and kind != GDELT:
        leave(ExitStatus.USAGE, f"--apart is for {GDELT}: the rows of tables are always events of their own")
    if bool(files) == (followed is not None):
        leave(ExitStatus.USAGE, "name files, or a folder with --follow")
    if followed is not None and dry_run:
        leave(ExitStatus.USAGE, "--follow takes each file once: try one of them with --dry-run first")
    if (existing is None) != (reason is None):
        leave(ExitStatus.USAGE, "--existing correct and --reason go together: say why what is known is corrected")
    try:
        source = source_of(kind, mapping, encoding, apart=apart)
    except UnusableError as error:
        leave(ExitStatus.USAGE, str(error))
    with Complaints(refused) as complaints:
        parameters = {"existing": existing, "reason": reason, "batch": batch}
        asked_after = Service(timeline_url, timeline_token) if wait else None
        way = Way(Service(url, token), "/v1/events", parameters, asked_after, _AGAIN)
        imports = Import(source, way, complaints, dry_run, as_json)
        if followed is not None:
            follow(followed, imports)
            return
        status, words, _ = imports.run(files or [])
    if words:
        leave(status, words)
    raise typer.Exit(status)
