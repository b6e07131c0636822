"""`timeline watch`: the live feed, line by line, over whatever connection there is."""

import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
import orjson
import typer
from rich.console import Console
from rich.text import Text

from timeline_service.cli.answers import Answers
from timeline_service.cli.event_stream import ServerSentEvent, read_event_stream
from timeline_service.cli.printing import valence_mark

#: The service says that it is alive every 30 seconds at least.
_SILENCE_SECONDS: Final = 60.0
_LONGEST_PAUSE: Final = 10.0
_STYLES: Final = {"retracted": "red", "left": "yellow", "rejected": "yellow", "parked": "yellow", "duplicate": "dim"}


def follow(answers: Answers, path: str, country: str | None) -> Iterator[ServerSentEvent]:
    """The events of a live feed, for ever. After a cut it goes on behind the last one, and says so once.

    A refusal, and a service that is out of reach from the beginning, end the command.
    """
    last_id, pause, cut = "", 0.5, False
    while True:
        try:
            with answers.stream(path, {"country": country}, last_id, _SILENCE_SECONDS, retrying=bool(last_id)) as lines:
                for event in read_event_stream(lines, last_id):
                    if cut:
                        Console(stderr=True).print(Text("connected again; nothing was missed", "dim"))
                    last_id, pause, cut = event.id or last_id, 0.5, False
                    if event.data is not None:
                        yield event
        except httpx.HTTPError as error:
            if not cut:
                words = f"cut off ({error or type(error).__name__}): trying again"
                Console(stderr=True, soft_wrap=True).print(Text(words, "yellow"))
            cut = True
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def print_told(event: ServerSentEvent, *, as_json: bool) -> None:
    """One event of the feed: as JSON, tab-separated in a pipe, or coloured."""
    data: dict[str, Any] = orjson.loads(event.data or "{}")
    if as_json:
        typer.echo(orjson.dumps({"id": event.id, "event": event.name, "data": data}))
        return
    about: dict[str, Any] = data.get("event") or {}
    happened = data["action"] if event.name == "applied" and data["action"] else event.name
    reason = f" ({data['problem']})" if data.get("problem") else ""
    title = about.get("title") or f"the record at {data['position']}{reason}"
    console = Console(highlight=False)
    if not console.is_terminal:
        cells = (
            about.get("revised_at") or "",
            happened,
            about.get("when") or "",
            title,
            about.get("id") or data["position"],
        )
        typer.echo("\t".join(cells))
        return
    clock = (about.get("revised_at") or "")[11:19]
    mark, style = valence_mark(about.get("valence"))
    console.print(
        Text.assemble(
            (f"{clock:8} ", "dim"),
            (f"{happened:10} ", _STYLES.get(happened, "green")),
            (f"{about.get('when') or '':10} ", "cyan"),
            (f"{mark} ", style),
            title,
            (f"  {', '.join(about.get('pairs') or ())}", "dim"),
        )
    )
