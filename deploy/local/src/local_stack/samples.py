"""The sample events: true ones, with sources, for an empty log."""

import json
import time
from importlib.resources import files

import httpx

from local_stack.errors import StackError
from local_stack.services import own_client
from local_stack.settings import Settings
from local_stack.topic import log_is_empty

SHOWN_SECONDS = 60


async def load_samples(settings: Settings, topic: str) -> int:
    """Post the sample events through ingest if the log is empty; returns how many were recorded.

    A marker file says that loading has begun, so that a load that was interrupted is done again: the same
    events have the same ids, and none appears twice.
    """
    marker = settings.state_dir / "run" / "samples.loading"
    if not settings.samples or not (marker.exists() or await log_is_empty(settings.kafka, topic)):
        return 0
    marker.touch()
    try:
        async with own_client(settings, 60) as client:
            summary = await _post(client, settings)
            await _wait_until_shown(client, settings, str(summary["timeline_position"]))
    except httpx.HTTPError as error:
        raise StackError(f"the sample events were not loaded: {error or type(error).__name__}") from error
    marker.unlink()
    return int(str(summary["recorded"]))


async def _post(client: httpx.AsyncClient, settings: Settings) -> dict[str, object]:
    """Post the events; returns the answer's last line, which is the only one unless something was refused."""
    body = (files("local_stack") / "samples.ndjson").read_bytes()
    headers = {"content-type": "application/x-ndjson"}
    answer = await client.post(f"{settings.ingest_url}/v1/events", content=body, headers=headers)
    lines = answer.text.splitlines()
    summary = json.loads(lines[-1]) if answer.status_code == 200 and len(lines) == 1 else {}
    if "recorded" not in summary or "problem" in summary:
        raise StackError(f"the sample events were not recorded: {answer.status_code} {answer.text[:2000]}")
    return dict(summary)


async def _wait_until_shown(client: httpx.AsyncClient, settings: Settings, position: str) -> None:
    deadline = time.monotonic() + SHOWN_SECONDS
    while True:  # the service itself waits up to 5 s before it answers 503
        answer = await client.get(f"{settings.timeline_url}/v1/timelines", headers={"timeline-position": position})
        if answer.status_code == 200:
            return
        if answer.status_code != 503 or time.monotonic() > deadline:
            raise StackError(f"the sample events were recorded but not projected: {answer.text[:2000]}")
