"""`timeline`, and `python -m timeline_service.cli`: the service's processes, and its answers at a terminal."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from service_edge.running_stack import find_running_stack
from service_edge.secret_files import SettingError
from service_edge.terminal import ExitStatus, leave, leave_unset, read_settings
from timeline_service.cli.batches import batches
from timeline_service.cli.changes import changes
from timeline_service.cli.client import DEFAULT_URL, TimelineClient
from timeline_service.cli.export import export
from timeline_service.cli.options import Json, Token, Url
from timeline_service.cli.printing import print_json, print_parked, print_status
from timeline_service.cli.replay import replay
from timeline_service.cli.restore import restore
from timeline_service.cli.show import show
from timeline_service.cli.types import types
from timeline_service.cli.watch import watch
from timeline_service.errors import HaltError, UnavailableError

if TYPE_CHECKING:
    from timeline_service.settings import Settings

app: Final = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The timeline of relations between any two countries, projected from the log.",
)


def _settings() -> "Settings":
    """Those of the environment, for commands that are processes: who asks a service has no use for what reads them."""
    from timeline_service.settings import Settings

    return read_settings(Settings)


@app.command()
def serve() -> None:
    """Answer over HTTP, until stopped."""
    from service_edge.access.tokens import TokenFileError
    from service_edge.logs import write_logs
    from service_edge.server_certificates import server_certificate
    from service_edge.serving import NotLoopbackError, PortError, serve
    from service_edge.tracing import trace_process
    from timeline_service.app import create_app

    settings = _settings()
    write_logs()
    trace_process("timeline")
    try:
        certificate = server_certificate("TIMELINE_", settings.tls_certificate, settings.tls_key)
        serve(create_app(settings), settings.host, settings.port, certificate)
    except SettingError as error:
        leave_unset(error)
    except (NotLoopbackError, PortError, TokenFileError) as error:
        leave(ExitStatus.USAGE, str(error))


@app.command()
def project() -> None:
    """Project the log into the database, until stopped. Any number of these share the log's partitions."""
    from service_edge.logs import write_logs
    from service_edge.tracing import trace_process
    from timeline_service.processes import project, project_together

    settings = _settings()
    write_logs()
    trace_process("projector")
    gc.freeze()
    gc.set_threshold(1_000_000, 20, 50)  # a batch makes many objects and no cycles: with fewer looks, a third faster
    try:
        _run(project(settings)) if settings.workers == 1 else project_together(settings, _run)
    except HaltError as error:
        _halt(error)


@app.command()
def replayer() -> None:
    """Carry out the replays that are asked for, until stopped. Who is killed is taken over by the next one."""
    from service_edge.logs import write_logs
    from timeline_service.processes import replay

    settings = _settings()
    write_logs()
    _run(replay(settings))


@app.command()
def migrate(
    print_roles: Annotated[
        bool,
        typer.Option("--print-roles", help="Print the SQL that makes a role for each process, and do nothing else."),
    ] = False,
) -> None:
    """Make the database's tables, or bring them up to date."""
    from timeline_service.adapters.postgres.migrations import migrate_database, roles_script

    if print_roles:
        typer.echo(roles_script(), nl=False)
        return
    settings = _settings()
    try:
        done = asyncio.run(migrate_database(settings.database_url.get_secret_value(), settings.judged_by))
    except UnavailableError as error:
        leave(ExitStatus.OUT_OF_REACH, f"{error}: DATABASE_URL names the database")
    except HaltError as error:
        leave(ExitStatus.REFUSED, str(error))
    typer.echo("\n".join(f"done: {name}" for name in done) or "nothing to do: the tables are up to date")


@app.command()
def status(url: Url = DEFAULT_URL, token: Token = None, as_json: Json = False) -> None:
    """How far the projection is, and what became of the log's records."""
    with TimelineClient(url, token) as client:
        body = client.get("/v1/status")
    print_json(body) if as_json else print_status(body)


app.command()(show)
app.command()(changes)
app.command()(watch)
app.command()(export)
app.command()(replay)
app.command()(restore)
app.command()(batches)
app.command()(types)


@app.command()
def parked(url: Url = DEFAULT_URL, token: Token = None, as_json: Json = False) -> None:
    """Records that today's code cannot judge, with the reason of each."""
    with TimelineClient(url, token) as client:
        items = client.pages("/v1/parked")
    print_json({"items": items}) if as_json else print_parked(items)


def _run(process: Coroutine[Any, Any, None]) -> None:
    import uvloop

    try:
        uvloop.run(process)
    except HaltError as error:
        _halt(error)


def _halt(error: HaltError) -> NoReturn:
    import structlog

    structlog.get_logger().critical("halted", reason=str(error))
    sys.exit(ExitStatus.REFUSED)


def main() -> None:
    """Run the command line."""
    find_running_stack()
    app()


if __name__ == "__main__":
    main()
