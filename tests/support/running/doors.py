"""Both services behind one token file, and the people of whom it tells."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from tests.support.running.engines import Engines
from tests.support.running.ingesting import an_event
from tests.support.running.processes import Service
from tests.support.running.timeline_stacks import timeline_stack
from tests.support.running.token_files import bearing, write_tokens

from service_edge.access.roles import Role

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
ROLES = {
    "ada": [Role.READ, Role.WRITE],
    "bob@example.org": [Role.READ, Role.WRITE],
    "feed": [Role.WRITE],
    "eve": [Role.AUDIT],
    "oscar": [Role.OPERATE],
    "late": [Role.READ, Role.WRITE],
}


@dataclass(slots=True)
class Doors:
    """Both services with one token file, and what everybody there has."""

    ingest: httpx.AsyncClient
    timeline: httpx.AsyncClient
    processes: tuple[Service, Service]
    tokens: dict[str, str]

    def as_(self, name: str) -> dict[str, str]:
        """The header that carries somebody's token."""
        return bearing(self.tokens[name])

    async def post(self, name: str, **fields: Any) -> dict[str, Any]:
        """What answers a post of theirs."""
        answer = await self.ingest.post("/v1/events", json=an_event(**fields), headers=self.as_(name))
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def get(self, path: str, name: str, position: str | None = None) -> Any:
        """The body of a 200 that they are answered."""
        headers = {"timeline-position": position} if position else {}
        answer = await self.timeline.get(path, headers=headers | self.as_(name))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def sign_in(self, token: str, path: str = "/", **headers: str) -> httpx.Response:
        """Send the form as a browser does."""
        own = {"origin": str(self.timeline.base_url).rstrip("/")}
        fields = urlencode({"token": token, "next": path})
        return await self.timeline.post("/sign-in", content=fields, headers=FORM | HTML | own | headers)

    def logs(self) -> str:
        """What both have written so far."""
        return "".join(process.log for process in self.processes)


@asynccontextmanager
async def guarded_doors(engines: Engines, folder: Path) -> AsyncIterator[Doors]:
    """Both, listening beyond loopback; `late` has a token that has expired."""
    file = folder / "tokens.jsonl"
    tokens = write_tokens(file, ROLES, expired=["late"])
    async with timeline_stack(engines) as stack:
        ingest = await stack.services.ingest(INGEST_TOKENS_FILE=str(file), INGEST_HOST="0.0.0.0")
        timeline = await stack.services.timeline(
            "guarded", TIMELINE_TOKENS_FILE=str(file), TIMELINE_HOST="0.0.0.0", INGEST_URL=ingest.url
        )
        async with (
            httpx.AsyncClient(base_url=ingest.url, timeout=30, trust_env=False) as posting,
            httpx.AsyncClient(base_url=timeline.url, timeout=30, trust_env=False) as reading,
        ):
            yield Doors(posting, reading, (ingest, timeline), tokens)
