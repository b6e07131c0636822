"""`timeline replay`: has the log replayed, shows how far that is, and says what came of it."""

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.text import Text

from event_schemas.positions import PositionError, parse_positions
from service_edge.terminal import ExitStatus, leave, read_settings
from timeline_service.cli.client import DEFAULT_URL, TimelineClient
from timeline_service.cli.options import Json, Token, Url
from timeline_service.cli.printing import print_json
from timeline_service.cli.replay_progress import showing_progress
from timeline_service.cli.replay_text import print_replay
from timeline_service.cli.watch import follow
from timeline_service.domain.replays import offsets_view
from timeline_service.domain.vectors import vector_of
from timeline_service.errors import HaltError, UnavailableError

View = Mapping[str, Any]
_POSITIONS: Final = re.compile(r"[\d:,\s]+")


def replay(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make a new projection, and show that from then on.")
    ] = False,
    until: Annotated[
        str | None,
        typer.Option(metavar="X", help="Only what was recorded by 2025-07-01T00:00:00Z, or up to and with 0:41,1:38."),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", metavar="EXPORT", help="Replay an exported file into an empty database instead."),
    ] = None,
    as_json: Json = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Compare what is shown with what the log says, in every row. With --rebuild, make it anew from the log.

    A rebuild --until makes a projection to look at: it is read with generation=N, and stays as it is.

    Exit status: 0 equal, or rebuilt; 1 different, failed, cancelled or refused; 2 wrong usage; 3 out of reach.
    Ctrl-C cancels the replay.
    """
    if from_ is not None:
        if rebuild or until is not None:
            leave(ExitStatus.USAGE, "--from replays the whole of an exported file: leave --rebuild and --until out")
        return _replay_archive(from_, as_json=as_json)
    kind = "rebuild" if rebuild else "verify"
    end = _read_until(until) if until is not None else None
    with TimelineClient(url, token) as client:
        filed = client.post("/v1/replays", {"kind": kind, **({"until": _written(client, end)} if end else {})})
        view = _followed(client, filed)
    print_json(dict(view)) if as_json else print_replay(view)
    raise typer.Exit(_status_of(view))


def _replay_archive(path: Path, *, as_json: bool) -> None:
    from timeline_service.replay.archived_replay import replay_archive
    from timeline_service.settings import Settings

    view: dict[str, Any] = {"kind": "load", "state": "succeeded"}
    try:
        with showing_progress() as show:
            view["result"] = asyncio.run(
                replay_archive(
                    read_settings(Settings), path, lambda progress: show({**view, "progress": progress.view()})
                )
            )
    except UnavailableError as error:
        leave(ExitStatus.OUT_OF_REACH, f"{error}: DATABASE_URL names the database")
    except HaltError as error:
        leave(ExitStatus.REFUSED, str(error))
    except KeyboardInterrupt as interrupt:
        _say("cancelled: the database is as it was", "yellow")
        raise typer.Exit(ExitStatus.INTERRUPTED) from interrupt
    print_json(view) if as_json else print_replay(view)


def _followed(client: TimelineClient, filed: View) -> View:
    """The replay when it is over. Ctrl-C cancels it, and ends the command."""
    path = f"/v1/replays/{filed['id']}"
    view = filed
    try:
        # Where there is no projection yet that this code can read, there is no status either.
        if (status := client.ask("/v1/status")) is not None and not status["replayers"]:
            _say("no replayer runs, so the replay waits: start one with timeline replayer", "yellow")
        with showing_progress() as show:
            show(view)
            for event in follow(client, f"{path}/progress", {}):
                view = orjson.loads(event.data or "{}")
                if event.name == "done":
                    break
                show(view)
    except KeyboardInterrupt as interrupt:
        client.delete(path)
        _say(f"cancelled: the replay {filed['id']} is told to end", "yellow")
        raise typer.Exit(ExitStatus.INTERRUPTED) from interrupt
    return view


def _status_of(view: View) -> ExitStatus:
    done = view["state"] == "succeeded" and (view["kind"] != "verify" or view["result"]["equal"])
    return ExitStatus.DONE if done else ExitStatus.REFUSED


def _read_until(text: str) -> dict[int, int] | str:
    """The last offsets that `--until` names, or its instant, which the service reads."""
    try:
        if _POSITIONS.fullmatch(text) and (positions := parse_positions(text)):
            return positions
        if datetime.fromisoformat(text.upper()).tzinfo is None:
            raise ValueError(text)
    except PositionError as error:
        leave(ExitStatus.USAGE, f"--until: {error}")
    except ValueError:
        leave(
            ExitStatus.USAGE,
            f"--until: {text[:80]!r} is neither an instant, such as 2025-07-01T00:00:00Z, nor positions, such as "
            "0:41,1:38",
        )
    return text


def _written(client: TimelineClient, end: Mapping[int, int] | str) -> dict[str, Any]:
    """The end as the service takes it. A partition that is not named stands at its beginning."""
    if isinstance(end, str):
        return {"recorded_at": end}
    partitions = len(client.get("/v1/status")["partitions"])
    if strangers := [partition for partition in end if partition >= partitions]:
        leave(ExitStatus.REFUSED, f"--until: the log has no partition {strangers[0]}")
    next_offsets = {partition: offset + 1 for partition, offset in end.items()}
    return {"next_offsets": offsets_view(vector_of(next_offsets, partitions))}


def _say(words: str, style: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(words, style))
