"""What it costs to ask who somebody is: posts and pages with a token and counted, beside the same without."""

import asyncio
import http.client
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.bench.event_supply import ndjson
from tests.bench.figures import Figure, percentile
from tests.support.running.processes import Services
from tests.support.running.session_folder import session_folder
from tests.support.running.token_files import bearing, write_tokens

from service_edge.access.roles import Role

_JSON: Final = {"content-type": "application/json"}
_PAGE: Final = "/v1/timelines/USA-CHN"
_TOKENS: Final = 1_000
_FLOOR: Final = "the same in turn with a service that asks for no credential"


async def access_figures(services: Services, singles: int, first: int) -> list[Figure]:
    """Medians of as many posts and reads with each; events are numbered from `first` on."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=session_folder()) as folder:
        file = Path(folder) / "tokens.jsonl"
        names = {f"principal-{number}": [Role.READ, Role.WRITE] for number in range(_TOKENS)}
        token = bearing(write_tokens(file, names)["principal-500"])
        doors = {
            f"{prefix}_{name}": value
            for prefix in ("INGEST", "TIMELINE")
            for name, value in (("TOKENS_FILE", str(file)), ("REQUESTS_PER_MINUTE", "1000000000"))
        }
        posting = [await services.ingest("open"), await services.ingest("guarded", **doors)]
        bodies = ndjson(2 * singles, first).splitlines()
        post = await asyncio.to_thread(
            _in_turn, [each.url for each in posting], ("POST", "/v1/events"), bodies, _JSON, token
        )
        for each in posting:
            await each.terminate()
        reading = [await services.timeline("open-reads"), await services.timeline("guarded-reads", **doors)]
        read = await asyncio.to_thread(
            _in_turn, [each.url for each in reading], ("GET", _PAGE), [b""] * 2 * singles, {}, token
        )
        for each in reading:
            await each.terminate()
    return [
        Figure(name, percentile(taken[1], 50), percentile(taken[0], 50), _FLOOR, "ms")
        for name, taken in (("single post with a token, p50", post), ("page of a pair with a token, p50", read))
    ]


def _in_turn(
    urls: Sequence[str],
    request: tuple[str, str],
    bodies: Sequence[bytes],
    headers: Mapping[str, str],
    token: Mapping[str, str],
) -> list[list[float]]:
    """The milliseconds that each took with the first service and, with a token, with the second one."""
    connections = [http.client.HTTPConnection(url.removeprefix("http://"), timeout=60) for url in urls]
    sent = [dict(headers), {**headers, **token}]
    taken: list[list[float]] = [[], []]
    try:
        for number, body in enumerate(bodies):
            which = number % 2
            start = time.perf_counter()
            connections[which].request(*request, body or None, sent[which])
            answer = connections[which].getresponse()
            words = answer.read()
            taken[which].append((time.perf_counter() - start) * 1000)
            if answer.status not in {200, 201}:
                raise RuntimeError(f"{request} was answered {answer.status}: {words.decode()}")
    finally:
        for connection in connections:
            connection.close()
    return taken
