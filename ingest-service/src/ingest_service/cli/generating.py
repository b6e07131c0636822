"""`ingest generate`: made-up events, to judge a system by."""

import os
import sys
from typing import Annotated

import orjson
import typer

from ingest_service.importing.generation import generate


def generate_events(
    count: Annotated[int, typer.Argument(metavar="N", min=0, help="How many.")],
    seed: Annotated[int, typer.Option(help="Other events for another number; the same for the same.")] = 1,
) -> None:
    """Write made-up events as NDJSON, such as `ingest generate 1000 | ingest post -`."""
    try:
        for event in generate(count, seed):
            sys.stdout.buffer.write(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
