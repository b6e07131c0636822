"""`timeline show`: the timeline of two countries, by every filter and in every format."""

import sys
from enum import Enum
from typing import Annotated, Any, Final

import typer

from service_edge.terminal import ExitStatus, leave
from timeline_service.cli.client import DEFAULT_URL, TimelineClient
from timeline_service.cli.options import Token, Url
from timeline_service.cli.timeline_text import print_timeline, write_timeline_json

_WHICH: Final = "Which events (what is given several times: any of them)"
_HOW: Final = "How they are shown"


class Form(Enum):
    """The formats that a timeline is shown in."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"
    ICALENDAR = "ics"
    ATOM = "atom"
    TIMELINEJS = "timelinejs.json"


def _which(name: str, metavar: str, help_: str, *, hidden: bool = False) -> Any:
    return typer.Option(name, metavar=metavar, help=help_, hidden=hidden, rich_help_panel=_WHICH)


Several = list[str] | None


def show(
    a: Annotated[str, typer.Argument(help="A country by code or name.", metavar="COUNTRY")],
    b: Annotated[str, typer.Argument(help="Another one.", metavar="COUNTRY")],
    from_: Annotated[str | None, _which("--from", "DATE", "EDTF, such as 2020 or 2025-06.")] = None,
    to: Annotated[str | None, _which("--to", "DATE", "EDTF; its last day counts.")] = None,
    match: Annotated[
        str | None,
        _which("--match", "overlaps|within", "How they lie to those dates; within: certainly inside."),
    ] = None,
    type_: Annotated[Several, _which("--type", "TYPE", "Such as ban, agreement or visit.")] = None,
    valence: Annotated[Several, _which("--valence", "VALENCE", "cooperative, neutral or conflictual.")] = None,
    domain: Annotated[
        Several,
        _which("--domain", "DOMAIN", "trade, technology, security, diplomacy, legal, aid or people."),
    ] = None,
    stage: Annotated[Several, _which("--stage", "STAGE", "proposed, announced, in_force, suspended or ended.")] = None,
    tag: Annotated[Several, _which("--tag", "TAG", "A tag.")] = None,
    actor: Annotated[Several, _which("--actor", "NAME", "An actor's whole name, in any case.")] = None,
    publisher: Annotated[Several, _which("--publisher", "NAME", "A source's publisher, its whole name.")] = None,
    initiator: Annotated[Several, _which("--initiator", "COUNTRY", "A country that acted.")] = None,
    batch: Annotated[Several, _which("--batch", "NAME", "The load that brought what they say.")] = None,
    q: Annotated[Several, _which("--q", "WORDS", 'Words, a "phrase", -excluded, one or another.')] = None,
    min_sources: Annotated[int | None, _which("--min-sources", "N", "At least so many sources.")] = None,
    as_of: Annotated[str | None, _which("--as-of", "TIME", "As was recorded at 2025-07-01T00:00:00Z.")] = None,
    include_retracted: Annotated[
        bool, typer.Option("--include-retracted", help="Retracted ones too, marked.", rich_help_panel=_WHICH)
    ] = False,
    include: Annotated[str | None, _which("--include", "retracted", "The same.", hidden=True)] = None,
    order: Annotated[
        str | None,
        typer.Option(
            metavar="asc|desc|newest",
            help="The earliest first, the latest, or the last to be recorded or revised.",
            rich_help_panel=_HOW,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="At most so many; by default all (atom: 50).", rich_help_panel=_HOW),
    ] = None,
    form: Annotated[
        Form,
        typer.Option(
            "--format", metavar="FORMAT", help=f"{', '.join(each.value for each in Form)}.", rich_help_panel=_HOW
        ),
    ] = Form.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.", rich_help_panel=_HOW)] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """The timeline of two countries: what happened between them, in the order of its dates.

    At a terminal + is cooperative, − conflictual and · neutral. In a pipe each
    event is a line of date, valence, type, title and id, with tabs between them,
    and `retracted` behind them where it is.
    """
    if as_json and form not in {Form.TEXT, Form.JSON}:
        leave(ExitStatus.USAGE, f"--json and --format {form.value} are two formats: name one")
    query = {
        "from": from_, "to": to, "match": match, "type": type_, "valence": valence, "domain": domain, "stage": stage,
        "tag": tag, "actor": actor, "publisher": publisher, "initiator": initiator, "batch": batch, "q": q,
        "min_sources": min_sources, "as_of": as_of, "include": include or ("retracted" if include_retracted else None),
        "order": order,
    }  # fmt: skip
    with TimelineClient(url, token) as client:
        path = client.path_of(a, b)
        if as_json or form is Form.JSON:
            write_timeline_json(client.timeline(path, query, limit), sys.stdout.buffer)
        elif form is Form.TEXT:
            print_timeline(client.timeline(path, query, limit))
        else:
            client.copy(f"{path}.{form.value}", {**query, "limit": limit}, sys.stdout.buffer)
