"""Clients that export ranges of the raw log, and check each line against its own hashes."""

import asyncio
import hashlib
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from tests.faults.soak.checker.raw_log import RawRecord
from tests.faults.soak.load.calls import READ_SECONDS, AwayError
from tests.faults.soak.load.history import LogExport
from tests.faults.soak.load.readers import Reader


@dataclass(slots=True)
class LogExporter(Reader):
    """Exports a part of one partition at a time."""

    async def turn(self) -> None:
        """One export of up to some thousand records before a position that is known."""
        known = self.known.any()
        if known is None:
            return
        partition, end = map(int, known[1].split(":"))
        start = max(0, end - self.chance.choice((1, 50, 1_000, 4_000)))
        await self.export(partition, start, end + 1)

    async def export(self, partition: int, start: int, end: int) -> None:
        """Export a range, and note it as far as it came."""
        path = "/v1/log/export"
        asked = {"partition": partition, "from": start, "to": end}
        what = f"GET {path} {asked}"
        taken = _Taken(partition, start)
        began = asyncio.get_running_loop().time()
        try:
            async with self.timeline.next_client().stream("GET", path, params=asked, timeout=READ_SECONDS) as answer:
                if answer.status_code != 200:
                    self.timeline.judge(what, answer.status_code, answer.headers, await answer.aread())
                    self.history.break_promise(f"{what} answers {answer.status_code}")
                    return
                async for line in answer.aiter_lines():
                    taken.take(line)
            if taken.ended:
                taken.at = end
            else:
                self.timeline.away(what, "a cut")
        except AwayError:
            return
        except httpx.TimeoutException:
            self.timeline.silence(what, began)
        except httpx.TransportError as error:
            self.timeline.away(what, type(error).__name__)
        except ValueError as error:
            self.history.break_promise(f"{what}: {error}")
        self.history.exports.append(LogExport(partition, start, taken.at, taken.records, taken.digest.digest()))
        self.history.write("log export", asked=asked, to=taken.at, records=taken.records)


class _Taken:
    """What has come of an export: up to `at`, exclusive."""

    def __init__(self, partition: int, start: int) -> None:
        self.at = start
        self.records = 0
        self.digest = hashlib.blake2b(digest_size=16)
        self._partition = partition
        self.ended = False
        self._headed = False

    def take(self, line: str) -> None:
        """The next line; raises ValueError for one that is not what it should be."""
        fields = orjson.loads(line)
        if not self._headed:
            if (fields["partition"], fields["from"]) != (self._partition, self.at):
                raise ValueError(f"the header says {fields}")
            self._headed = True
            return
        if self.ended:
            raise ValueError(f"there is a line behind the end: {fields}")
        if gap := fields.get("gap"):
            if gap["partition"] != self._partition or not self.at <= gap["from"] < gap["to"]:
                raise ValueError(f"{gap} comes after {self._partition}:{self.at - 1}")
            self.at = gap["to"]
            return
        if end := fields.get("end"):
            if (end["partition"], end["records"]) != (self._partition, self.records):
                raise ValueError(f"the end says {end} after {self.records} records")
            self.ended = True
            return
        partition, offset = map(int, fields["position"].split(":"))
        if partition != self._partition or offset < self.at:
            raise ValueError(f"{fields['position']} comes after {self._partition}:{self.at - 1}")
        record = RawRecord(
            partition,
            offset,
            fields["timestamp"],
            fields["timestamp_type"] == "LogAppendTime",
            _checked(fields, "key"),
            _checked(fields, "value"),
            tuple((name, _decoded(value)) for name, value in fields["headers"]),
        )
        self.digest.update(record.digest)
        self.records += 1
        self.at = offset + 1


def _checked(fields: dict[str, Any], name: str) -> bytes | None:
    part = _decoded(fields[name])
    if fields["sha256"][name] != (hashlib.sha256(part).hexdigest() if part is not None else None):
        raise ValueError(f"sha256.{name} of {fields['position']} is not its hash")
    return part


def _decoded(text: str | None) -> bytes | None:
    return b64decode(text, validate=True) if text is not None else None
