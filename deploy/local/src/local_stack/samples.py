"""The sample events: true ones, with sources, for an empty log."""

import json
from importlib.resources import files

import httpx

from local_stack.errors import StackError
from local_stack.settings import Settings
from local_stack.topic import log_is_empty


async def load_samples(settings: Settings, topic: str) -> int:
    """Post the sample events through ingest if the log is empty; returns how many were recorded.

    A marker file says that loading has begun, so that a load that was interrupted is done again: the same
    events have the same ids, and none appears twice.
    """
    marker = settings.state_dir / "run" / "samples.loading"
    if not settings.samples or not (marker.exists() or await log_is_empty(settings.bootstrap_servers, topic)):
        return 0
    marker.touch()
    body = (files("local_stack") / "samples.ndjson").read_bytes()
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        answer = await client.post(
            f"{settings.ingest_url}/v1/events", content=body, headers={"content-type": "application/x-ndjson"}
        )
        lines = answer.text.splitlines()
        if answer.status_code != 200 or len(lines) != 1 or "problem" in (summary := json.loads(lines[0])):
            raise StackError(f"the sample events were not recorded: {answer.status_code} {answer.text[:2000]}")
        shown = await client.get(
            f"{settings.timeline_url}/v1/timelines", headers={"timeline-position": summary["timeline_position"]}
        )
        if shown.status_code != 200:
            raise StackError(f"the sample events were recorded but not projected: {shown.text[:2000]}")
    marker.unlink()
    return int(summary["recorded"])
