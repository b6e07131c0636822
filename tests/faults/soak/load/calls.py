"""One request and what may come of it: an answer, an outage that is no fault, or something that must not be."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
from tests.faults.soak.load.history import History

#: How long an answer may take, in seconds, before the silence is a finding.
READ_SECONDS: Final = 60.0
WRITE_SECONDS: Final = 150.0
_LOOK_SECONDS: Final = 0.5
#: After a process has gone on, what it was asked meanwhile takes a moment.
_GRACE_SECONDS: Final = 10.0


class AwayError(Exception):
    """The service is out of reach, or says that it cannot answer now. What was asked may have happened."""


@dataclass(slots=True)
class FrozenProcesses:
    """Remembers when each process was last seen stopped (SIGSTOP): a frozen service cannot answer in time."""

    pids: Callable[[], Mapping[str, int]]
    _seen: dict[str, float] = field(default_factory=dict)

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            for name, pid in self.pids().items():
                if _is_stopped(pid):
                    self._seen[name] = asyncio.get_running_loop().time()
            await asyncio.sleep(_LOOK_SECONDS)

    def since(self, start: float, prefix: str) -> bool:
        """Whether a process whose name begins so was frozen since a time of the loop, or just before."""
        return any(at >= start - _GRACE_SECONDS for name, at in self._seen.items() if name.startswith(prefix))


def _is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"T", "t"}
    except OSError:
        return False


@dataclass(slots=True)
class Caller:
    """Calls one kind of service (`ingest` or `timeline`) at all its addresses in turn."""

    kind: str
    clients: list[httpx.AsyncClient]
    history: History
    frozen: FrozenProcesses
    _turn: int = 0

    @property
    def seconds(self) -> float:
        """How long an answer may take."""
        return WRITE_SECONDS if self.kind == "ingest" else READ_SECONDS

    def next_client(self) -> httpx.AsyncClient:
        """The next address's client."""
        self._turn += 1
        return self.clients[self._turn % len(self.clients)]

    async def call(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """An answer that is no 503 and no 5xx; raises AwayError for an outage, and notes what must not be."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        what = f"{method} {path}"
        try:
            async with asyncio.timeout(self.seconds):
                answer = await self.next_client().request(
                    method, path, params=parameters, headers=headers, content=content
                )
        except (TimeoutError, httpx.TimeoutException) as error:
            self.silence(what, began)
            raise AwayError(what) from error
        except httpx.TransportError as error:
            self.away(what, type(error).__name__)
            raise AwayError(what) from error
        self.judge(what, answer.status_code, answer.headers, answer.content)
        return answer

    def silence(self, what: str, began: float) -> None:
        """Note that no answer came in time, which is a finding unless the service was frozen."""
        seconds = asyncio.get_running_loop().time() - began
        if seconds < self.seconds - 1 or self.frozen.since(began, self.kind):
            self.away(what, "frozen")
        else:
            self.history.break_promise(f"{what} was not answered within {seconds:.0f} s: it hangs")

    def away(self, what: str, how: str) -> None:
        """Note an outage."""
        self.history.unavailable[f"{self.kind}: {how}"] += 1
        self.history.write("away", call=what, how=how)

    def judge(self, what: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Note what no answer may be; raises AwayError for it, and for a 503."""
        self.history.answered[f"{self.kind}: {status}"] += 1
        if status == 503:
            if "retry-after" not in headers:
                self.history.break_promise(f"{what} answers 503 without Retry-After")
            self.away(what, "503")
            raise AwayError(what)
        if status >= 500 or b"Traceback (most recent" in body:
            self.history.break_promise(f"{what} answers {status}: {body[:500].decode(errors='replace')}")
            raise AwayError(what)
        if status >= 400 and not headers.get("content-type", "").startswith(("application/problem+json",)):
            self.history.break_promise(f"{what} answers {status} without problem details: {body[:200]!r}")

    def body(self, what: str, answer: httpx.Response) -> Any:
        """An answer's JSON; None, and noted, where it is none."""
        try:
            return orjson.loads(answer.content)
        except ValueError:
            self.history.break_promise(f"{what} answers {answer.status_code} with what is no JSON")
            return None
