"""What people ask of a running system, asked while it is in trouble: replays, activations, redrives, exports."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final

import httpx
import orjson
from tests.faults.soak.arena.arena import Arena
from tests.faults.soak.arena.titles import NEMESIS
from tests.faults.soak.nemesis.faults import Fault, fault

_FOLLOW_SECONDS: Final = 60.0
_PAUSE: Final = 0.3
_OVER: Final = {"succeeded", "failed", "cancelled"}


@asynccontextmanager
async def in_background(*acts: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do these meanwhile, and no longer. What cannot be reached is not reached: that is the fault's doing."""
    tasks = [asyncio.create_task(_tried(act)) for act in acts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result


async def _tried(act: Coroutine[Any, Any, None]) -> None:
    try:
        await act
    except httpx.HTTPError:
        return


def client() -> httpx.AsyncClient:
    """A client that neither waits for ever nor asks for a way through a proxy."""
    return httpx.AsyncClient(timeout=httpx.Timeout(60, connect=5), trust_env=False)


async def ask(arena: Arena, each: httpx.AsyncClient, method: str, url: str, **more: Any) -> httpx.Response:
    """Send a request; an answer that no trouble excuses is a violation."""
    response = await each.request(method, url, **more)
    if response.status_code >= 500 and (response.status_code != 503 or "retry-after" not in response.headers):
        arena.violations.append(f"{method} {url} was answered {response.status_code}: {response.text[:300]}")
    return response


async def post_lines(arena: Arena, lines: Iterable[bytes]) -> None:
    """Post lines in one body."""
    headers = {"content-type": "application/x-ndjson"}
    async with client() as each:
        url = f"{arena.ingest_urls[0]}/v1/events"
        await ask(arena, each, "POST", url, content=b"\n".join(lines), headers=headers)


def event(random: Random) -> dict[str, Any]:
    """An event of the nemesis's own."""
    number = random.getrandbits(64)
    return {"title": f"{NEMESIS}{number:x}", "when": "2021", "countries": ["ISL", "NRU"], "type": "visit"}


async def file_replay(arena: Arena, random: Random, wish: Mapping[str, Any], path: str = "/v1/replays") -> None:
    """Have something replayed, and follow it: whenever it runs to its end, it must find no difference."""
    base = random.choice(arena.timeline_urls)
    async with client() as each:
        filed = await ask(arena, each, "POST", f"{base}{path}", json=wish)
        if filed.status_code != 202:
            return
        while True:
            shown = await ask(arena, each, "GET", f"{base}{filed.headers['location']}")
            if shown.status_code == 200 and (replay := shown.json())["state"] in _OVER:
                break
            await asyncio.sleep(_PAUSE)
        if replay["state"] == "succeeded" and not replay["result"].get("equal", True):
            arena.violations.append(f"a replay finds differences: {orjson.dumps(replay).decode()[:2_000]}")


async def rebuild(arena: Arena, random: Random) -> None:
    """Drop all generations but the live one, and make another."""
    base = random.choice(arena.timeline_urls)
    async with client() as each:
        listed = await ask(arena, each, "GET", f"{base}/v1/generations")
        for item in listed.json()["items"] if listed.status_code == 200 else ():
            if not item["live"]:
                await ask(arena, each, "DELETE", f"{base}/v1/generations/{item['n']}")
    await file_replay(arena, random, {"kind": "rebuild"})


async def verify(arena: Arena, random: Random) -> None:
    """Have the projection compared with the log."""
    await file_replay(arena, random, {"kind": "verify"})


async def activate(arena: Arena, random: Random) -> None:
    """Make another generation the live one; without another, make one."""
    async with client() as each:
        listed = await ask(arena, each, "GET", f"{random.choice(arena.timeline_urls)}/v1/generations")
    items = listed.json()["items"] if listed.status_code == 200 else []
    if others := [item["n"] for item in items if not item["live"] and not item.get("until")]:
        await file_replay(arena, random, {}, f"/v1/generations/{random.choice(others)}/activate")
    elif items:
        await rebuild(arena, random)


async def redrive(arena: Arena, random: Random) -> None:
    """Wish again and again that what is parked be judged again."""
    base = random.choice(arena.timeline_urls)
    async with client() as each:
        while True:
            listed = await ask(arena, each, "GET", f"{base}/v1/parked")
            for item in listed.json()["items"] if listed.status_code == 200 else ():
                await ask(arena, each, "POST", f"{base}/v1/parked/{item['position']}/redrive", json={})
            await asyncio.sleep(_PAUSE)


async def export(arena: Arena, random: Random) -> None:
    """Export a partition again and again; its lines may end early, but neither repeat nor go back."""
    base = random.choice(arena.timeline_urls)
    async with client() as each:
        while True:
            partition = random.randrange(arena.partitions)
            try:
                await _export(arena, each, f"{base}/v1/log/export?partition={partition}")
            except httpx.HTTPError:  # broken off, as its reader can see
                await asyncio.sleep(_PAUSE)


async def _export(arena: Arena, each: httpx.AsyncClient, url: str) -> None:
    async with each.stream("GET", url) as response:
        if response.status_code != 200:
            await asyncio.sleep(_PAUSE)
            return
        last = -1
        lines = response.aiter_lines()
        await anext(lines, None)  # says what it is
        async for line in lines:
            if "position" not in (record := orjson.loads(line)):
                continue
            offset = int(record["position"].partition(":")[2])
            if offset <= last:
                arena.violations.append(f"{url} gives {offset} after {last}")
            last = offset


def meanwhile(name: str, act: Callable[[Arena, Random], Coroutine[Any, Any, None]], *, follow: bool) -> Fault:
    """Something that people ask for; with `follow` its end is waited for, which may come after the trouble."""

    @fault(name)
    async def ask_for_it(arena: Arena, random: Random) -> AsyncIterator[None]:
        task = asyncio.create_task(_tried(act(arena, random)))
        try:
            yield
            if follow:
                await asyncio.wait({task}, timeout=_FOLLOW_SECONDS)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            await task

    return ask_for_it


FAULTS: Final = (
    meanwhile("ask for a rebuild", rebuild, follow=True),
    meanwhile("ask for a verification", verify, follow=True),
    meanwhile("ask for an activation", activate, follow=True),
    meanwhile("ask for redrives", redrive, follow=False),
    meanwhile("ask for exports", export, follow=False),
)
