"""`timeline watch`: what happens to timelines, as it is projected."""

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Annotated, Final

import httpx
import typer
from rich.console import Console
from rich.text import Text

from service_edge.terminal import ExitStatus, leave
from timeline_service.cli.client import DEFAULT_URL, Query, TimelineClient, reason_of
from timeline_service.cli.event_stream import EventStreamReader, ServerSentEvent
from timeline_service.cli.feed_text import print_feed_event
from timeline_service.cli.options import Token, Url

#: The service says that it is alive every 30 seconds at least.
_SILENCE_SECONDS: Final = 60.0
_FIRST_PAUSE: Final = 1.0
_MAX_PAUSE_SECONDS: Final = 15.0


def watch(
    a: Annotated[str | None, typer.Argument(help="A country by code or name.", metavar="COUNTRY")] = None,
    b: Annotated[str | None, typer.Argument(help="Another one; without both, everything.", metavar="COUNTRY")] = None,
    country: Annotated[str | None, typer.Option(metavar="COUNTRY", help="All events of one country instead.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="End after so many.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object on each line: id, event and data.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """What happens to a timeline from now on, as it happens, until Ctrl-C. After a cut it goes on where it was.

    In a pipe, each is a line of time, what happened, date, title and id, with tabs between them.
    """
    if (a is None) != (b is None) or (a is not None and country is not None):
        leave(ExitStatus.USAGE, "name two countries, or --country one, or none for everything")
    with suppress(KeyboardInterrupt), TimelineClient(url, token) as client:
        path = f"{client.path_of(a, b)}/live" if a is not None and b is not None else "/v1/live"
        for event in islice(follow(client, path, {"country": country}), limit):
            print_feed_event(event, as_json=as_json)


def follow(client: TimelineClient, path: str, query: Query) -> Iterator[ServerSentEvent]:
    """The events of a stream, for ever. After a cut it goes on behind the last one, and says so once.

    A refusal, and a service that is out of reach from the beginning, end the command.
    """
    last_id, connected, cut = "", False, False
    shortest = pause = _FIRST_PAUSE
    while True:
        reader, reason = EventStreamReader(last_id), "the service ended the stream"
        try:
            with client.stream(path, query, last_id, _SILENCE_SECONDS, retrying=connected) as pieces:
                connected = True
                for piece in pieces:
                    for event in reader.read(piece):
                        if cut:
                            _say("connected again; nothing was missed" if last_id else "connected again", "dim")
                        shortest = pause = reader.retry_seconds or shortest
                        last_id, cut = event.id, False
                        if event.data is not None:
                            yield event
        except httpx.HTTPError as error:
            reason = reason_of(error)
        if not cut:
            _say(f"cut off ({reason}): trying again", "yellow")
        cut = True
        time.sleep(pause)
        pause = max(shortest, min(2 * pause, _MAX_PAUSE_SECONDS))


def _say(words: str, style: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(words, style))
