"""`ingest`: the ingest service at a terminal."""

import typer

from ingest_service.cli import token
from ingest_service.cli.correct import correct
from ingest_service.cli.generating import generate_events
from ingest_service.cli.importing import import_
from ingest_service.cli.key import make_key
from ingest_service.cli.post import post
from ingest_service.cli.retract import retract
from ingest_service.cli.serve import serve
from ingest_service.cli.suggesting import suggest_mapping
from service_edge.running_stack import find_running_stack

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Take events between countries in."
)
app.command()(serve)
app.command()(post)
app.command()(correct)
app.command()(retract)
app.command("import")(import_)
app.command("suggest")(suggest_mapping)
app.command("generate")(generate_events)
app.command("token")(token.make)
app.command("key")(make_key)


def main() -> None:
    """The command's entry."""
    find_running_stack()
    app()


if __name__ == "__main__":
    main()
