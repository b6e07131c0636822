"""`timeline`, and `python -m timeline_service.cli`: the service's processes, and its answers at a terminal."""

import asyncio
import gc
import sys
from contextlib import suppress
from enum import Enum
from itertools import islice
from typing import Annotated, Final

import typer

from service_edge.settings import read_settings
from service_edge.terminal import ExitStatus, leave
from timeline_service.cli.answers import DEFAULT_URL, Answers
from timeline_service.cli.printing import print_json, print_parked, print_status, print_timeline
from timeline_service.cli.watching import follow, print_told
from timeline_service.errors import HaltError, UnavailableError
from timeline_service.settings import Settings

app: Final = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The timeline of relations between any two countries, projected from the log.",
)
Url = Annotated[str, typer.Option(envvar="TIMELINE_URL", help="Where the timeline service answers.")]
Json = Annotated[bool, typer.Option("--json", help="JSON, as the service answers it.")]
Several = list[str] | None


class Form(Enum):
    """The formats that a timeline is shown in."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"
    ICALENDAR = "ics"
    ATOM = "atom"
    TIMELINEJS = "timelinejs.json"


@app.command()
def serve() -> None:
    """Answer over HTTP, until stopped."""
    from service_edge.serving import NotLoopbackError, serve, write_logs
    from timeline_service.app import create_app

    settings = read_settings(Settings)
    write_logs()
    try:
        serve(create_app(settings), settings.host, settings.port)
    except NotLoopbackError as error:
        leave(ExitStatus.USAGE, str(error))


@app.command()
def project() -> None:
    """Project the log into the database, until stopped. Any number of these share the log's partitions."""
    import structlog
    import uvloop

    from service_edge.serving import write_logs
    from timeline_service.app import project

    settings = read_settings(Settings)
    write_logs()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # a batch makes many objects and no cycles: fewer collections, a quarter faster
    try:
        uvloop.run(project(settings))
    except HaltError as error:
        structlog.get_logger().critical("halted", reason=str(error))
        raise typer.Exit(ExitStatus.REFUSED) from error


@app.command()
def migrate() -> None:
    """Make the database's tables, or bring them up to date."""
    from timeline_service.adapters.postgres_migrations import migrate_database

    try:
        done = asyncio.run(migrate_database(read_settings(Settings).database_url.get_secret_value()))
    except UnavailableError as error:
        leave(ExitStatus.OUT_OF_REACH, f"{error}: DATABASE_URL names the database")
    except HaltError as error:
        leave(ExitStatus.REFUSED, str(error))
    typer.echo("\n".join(f"done: {name}" for name in done) or "nothing to do: the tables are up to date")


@app.command()
def status(url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """How far the projection is, and what became of the log's records."""
    with Answers(url) as answers:
        body = answers.get("/v1/status")
    print_json(body) if as_json else print_status(body)


@app.command()
def show(
    a: Annotated[str, typer.Argument(help="A country by code or name.", metavar="COUNTRY")],
    b: Annotated[str, typer.Argument(help="Another one.", metavar="COUNTRY")],
    from_: Annotated[str | None, typer.Option("--from", help="A date in EDTF, such as 2020 or 2025-06.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="A date in EDTF.")] = None,
    match: Annotated[str | None, typer.Option(help="overlaps (the default) or within: certainly inside.")] = None,
    type_: Annotated[Several, typer.Option("--type", help="A type, such as ban. May be repeated.")] = None,
    valence: Annotated[Several, typer.Option(help="cooperative, neutral or conflictual. May be repeated.")] = None,
    domain: Annotated[Several, typer.Option(help="trade, technology, security … May be repeated.")] = None,
    stage: Annotated[Several, typer.Option(help="proposed, announced, in_force … May be repeated.")] = None,
    tag: Annotated[Several, typer.Option(help="A tag. May be repeated.")] = None,
    actor: Annotated[Several, typer.Option(help="An actor's whole name, in any case. May be repeated.")] = None,
    initiator: Annotated[Several, typer.Option(help="A country that acted. May be repeated.")] = None,
    q: Annotated[str | None, typer.Option("--q", help='Words, a "phrase", -excluded, or alternatives.')] = None,
    min_sources: Annotated[int | None, typer.Option(min=0, help="At least so many sources.")] = None,
    include: Annotated[str | None, typer.Option(help="retracted: those too, marked.")] = None,
    as_of: Annotated[str | None, typer.Option(help="As it was recorded at an instant (RFC 3339).")] = None,
    order: Annotated[str | None, typer.Option(help="asc (the default) or desc.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many events; all of them by default.")] = None,
    form: Annotated[Form, typer.Option("--format", help="Other than text, it is what the service writes.")] = Form.TEXT,
    url: Url = DEFAULT_URL,
    as_json: Json = False,
) -> None:
    """The timeline of two countries, in its order. Filters that are repeated are alternatives."""
    query = {
        "from": from_, "to": to, "match": match, "type": type_, "valence": valence, "domain": domain, "stage": stage,
        "tag": tag, "actor": actor, "initiator": initiator, "q": q, "min_sources": min_sources, "include": include,
        "as_of": as_of, "order": order,
    }  # fmt: skip
    with Answers(url) as answers:
        path = answers.path_of(a, b)
        if form in {Form.TEXT, Form.JSON}:
            body = answers.timeline(path, query, limit)
            print_json(body) if as_json or form is Form.JSON else print_timeline(body)
        else:
            answers.copy(f"{path}.{form.value}", {**query, "limit": limit}, sys.stdout.buffer)


@app.command()
def watch(
    a: Annotated[str | None, typer.Argument(help="A country by code or name.", metavar="[COUNTRY")] = None,
    b: Annotated[str | None, typer.Argument(help="Another one; without both, everything.", metavar="COUNTRY]")] = None,
    country: Annotated[str | None, typer.Option(help="All events of one country instead.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    url: Url = DEFAULT_URL,
    as_json: Json = False,
) -> None:
    """What happens to a timeline as it is projected, until Ctrl-C. After a cut it goes on where it was."""
    if (a is None) != (b is None) or (a is not None and country is not None):
        leave(ExitStatus.USAGE, "name two countries, or --country one, or none for everything")
    with Answers(url) as answers, suppress(KeyboardInterrupt):
        path = f"{answers.path_of(a, b)}/live" if a is not None and b is not None else "/v1/live"
        for event in islice(follow(answers, path, country), limit):
            print_told(event, as_json=as_json)


@app.command()
def parked(url: Url = DEFAULT_URL, as_json: Json = False) -> None:
    """Records that today's code cannot judge, with the reason of each."""
    with Answers(url) as answers:
        items = answers.pages("/v1/parked")
    print_json({"items": items}) if as_json else print_parked(items)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
