"""Asks the timeline services after the storm: patient with 503, strict with everything else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Any, Final, TypeVar

import httpx
import orjson

T = TypeVar("T")
_AT_ONCE: Final = 12
_PATIENCE_SECONDS: Final = 60.0
#: A connection that is closed while it is used is an outage, not an answer.
_AWAY: Final = (httpx.TransportError, httpx.RemoteProtocolError)


class UnansweredError(Exception):
    """A question to which there was no proper answer; the message says which, and what came instead."""


class Asker:
    """Questions to all timeline services in turn, a bounded number at once."""

    def __init__(self, clients: list[httpx.AsyncClient]) -> None:
        self._clients = cycle(clients)
        self.count = len(clients)
        self._patience = _PATIENCE_SECONDS

    async def get(self, path: str, parameters: Mapping[str, Any] | None = None, *, missing: bool = False) -> Any:
        """The body of a 200, or None of a 404 if it may be missing; raises UnansweredError."""
        return (await self.answer("GET", path, parameters, missing=missing))[0]

    async def answer(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        body: Any = None,
        missing: bool = False,
    ) -> tuple[Any, Mapping[str, str]]:
        """The body of a 2xx and its headers; raises UnansweredError."""
        patience = self._patience
        ends = asyncio.get_running_loop().time() + patience
        last = ""
        while asyncio.get_running_loop().time() < ends:
            try:
                answer = await next(self._clients).request(method, path, params=parameters, json=body)
            except _AWAY as error:
                last = repr(error)
            else:
                if answer.status_code == 404 and missing:
                    return None, answer.headers
                if answer.is_success:
                    try:
                        return orjson.loads(answer.content), answer.headers
                    except ValueError as error:
                        raise UnansweredError(f"{method} {path} answers no JSON: {answer.text[:200]}") from error
                if answer.status_code != 503:
                    raise UnansweredError(f"{method} {path} answers {answer.status_code}: {answer.text[:300]}")
                last = f"503: {answer.text[:200]}"
            await asyncio.sleep(0.3)
        self._patience = max(1.0, self._patience / 2)  # a service that stays away is not waited for each time
        raise UnansweredError(f"{method} {path} was not answered within {patience:.0f} s: {last}")

    async def pages(self, path: str, parameters: Mapping[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
        """The items of all pages of a list."""
        cursor = None
        while True:
            body = await self.get(path, {**parameters, **({"cursor": cursor} if cursor else {})})
            yield body["items"]
            cursor = body["next"]
            if cursor is None:
                return


@asynccontextmanager
async def open_asker(urls: Iterable[str], transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[Asker]:
    """An asker of services at their URLs."""
    clients = [
        httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, transport=transport, limits=_LIMITS)
        for url in urls
    ]
    try:
        yield Asker(clients)
    finally:
        for client in clients:
            await client.aclose()


_LIMITS: Final = httpx.Limits(max_connections=_AT_ONCE * 2, max_keepalive_connections=_AT_ONCE * 2)


async def each(things: Iterable[T], ask: Callable[[T], Awaitable[None]]) -> None:
    """Ask about each thing, some at once."""
    waiting = iter(things)

    async def work() -> None:
        for thing in waiting:
            await ask(thing)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(work())
