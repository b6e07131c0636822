"""The processes that answer behind one port: how each asks the others for what it must say of all of them."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

Report = Callable[[], Awaitable[bytes]]
#: The name of the report that says why a process cannot work now, or nothing.
READY: Final = "ready"
_PATIENCE: Final = 1.0
_MOST_BYTES: Final = 2**24


class Crew:
    """One member's view of the crew, of which a process that works alone is the only one.

    `count` says how many there are, and `number`, from 0 on, which one this is. What they say to each other goes over
    sockets in a folder that nobody else may enter.
    """

    def __init__(self, count: int = 1) -> None:
        self.count: Final = count
        self.number = 0
        self._reports: dict[str, Report] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="dyadline-crew-")) if count > 1 else None
        self._server: asyncio.Server | None = None

    def share(self, whole: int) -> int:
        """What each may have of something of which all together may have so much: one at least."""
        return max(1, whole // self.count)

    def report(self, name: str, make: Report) -> None:
        """What the others are told when they ask for something by its name; an exception is no answer."""
        self._reports[name] = make

    async def open(self) -> None:
        """Answer the others from now on."""
        if self._folder is not None:
            place = self._place(self.number)
            place.unlink(missing_ok=True)  # of one that was killed
            self._server = await asyncio.start_unix_server(self._answer, place)

    async def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()

    def dissolve(self) -> None:
        """Leave nothing behind: all of them have ended."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def ask_others(self, name: str) -> Mapping[int, bytes]:
        """What those say who live, each by its number. One that does not answer within a second says nothing."""
        others = [number for number in range(self.count) if number != self.number]
        answers = await asyncio.gather(*(self._ask(number, name) for number in others))
        return {number: answer for number, answer in zip(others, answers, strict=True) if answer is not None}

    async def why_not_ready(self) -> str:
        """Why one of the others that live cannot work now, or nothing: whoever is asked next may be that one."""
        for number, why_not in (await self.ask_others(READY)).items():
            if why_not:
                return f"worker {number}: {why_not.decode()}"
        return ""

    async def _ask(self, number: int, name: str) -> bytes | None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_unix_connection(self._place(number))
                try:
                    writer.write(f"{name}\n".encode())
                    size = int.from_bytes(await reader.readexactly(4))
                    return await reader.readexactly(min(size, _MOST_BYTES))
                except asyncio.IncompleteReadError:
                    return None
                finally:
                    writer.close()
        return None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            try:
                report = self._reports.get((await reader.readline()).decode().strip())
                if report is not None:
                    answer = await report()
                    writer.write(len(answer).to_bytes(4) + answer)
                    await writer.drain()
            finally:
                writer.close()

    def _place(self, number: int) -> Path:
        assert self._folder is not None, "one that works alone has nobody to talk to"
        return self._folder / f"{number}.sock"
