"""`timeline restore`: a log that was lost is put back into an empty Kafka from exports of it."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from service_edge.terminal import ExitStatus, leave, read_settings
from timeline_service.cli.replay_progress import showing_progress
from timeline_service.errors import HaltError, UnavailableError

_INTERRUPTED = 130


def restore(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Exports with all partitions from the start.")],
    into: Annotated[str, typer.Option(metavar="BROKERS", help="The Kafka to restore into, host:port[,…].")],
    projection: Annotated[
        bool,
        typer.Option(
            "--projection", help="Have the projection in DATABASE_URL, if it is of this log, go on from there."
        ),
    ] = False,
    replace_empty: Annotated[
        bool,
        typer.Option("--replace-empty", help="Where the topic is there and empty, delete it and make it anew."),
    ] = False,
) -> None:
    """Put an exported log back into Kafka: the same partitions, offsets and times. The topic must not be there.

    The files are what `timeline export` has written. All hashes are verified first, and in the end all records are read
    back; only then the topic is opened to writers. After a cut the same command goes on where it was.

    Exit status: 0 restored, or there already; 1 refused; 2 wrong usage; 3 out of reach.
    """
    from timeline_service.replay.restored_log import restore_log
    from timeline_service.settings import Settings

    settings = read_settings(Settings)
    database = settings.database_url.get_secret_value() if projection else None
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        with showing_progress() as show:
            view = {"kind": "restore"}
            restored, adopted = asyncio.run(
                restore_log(
                    files,
                    replace(settings.kafka, bootstrap_servers=into),
                    database,
                    replace_empty=replace_empty,
                    tell=lambda progress: show({**view, "progress": progress.view()}),
                )
            )
    except UnavailableError as error:
        leave(ExitStatus.OUT_OF_REACH, f"{error}. Run this again: it goes on where it was")
    except HaltError as error:
        leave(ExitStatus.REFUSED, str(error))
    except KeyboardInterrupt as interrupt:
        console.print(Text("broken off: run this again, and it goes on where it was", "yellow"))
        raise typer.Exit(_INTERRUPTED) from interrupt
    what = f"{restored.records} records in {restored.partitions} partitions of {restored.topic}"
    typer.echo(f"restored {what}" if restored.sent is not None else f"nothing to do: {what} are there")
    typer.echo(f"the log is in the Kafka cluster {restored.cluster_id} now")
    for generation, cluster in adopted.items():
        typer.echo(f"generation {generation} goes on from there; it was in {cluster or 'no cluster yet'}")
