"""`ingest import` measured from outside: the events of the bulk once more, as a table, into a log of their own."""

import asyncio
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Final, Literal

import orjson
from tests.bench.event_supply import events
from tests.bench.figures import Figure
from tests.bench.memory import LIMIT_MB, memory_of, peak_in
from tests.bench.processor import cpu_seconds
from tests.support.inputs.gdelt_files import gdelt_row
from tests.support.running.processes import Service

#: Columns that hold JSON, those with several texts, and plain ones.
_JSON: Final = ("actors", "sources", "tags", "codes", "attributes")
_SEVERAL: Final = ("initiators", "countries")
_PLAIN: Final = ("title", "when", "type", "summary", "goldstein")
Kind = Literal["csv", "gdelt"]
#: What the figures are called, and what their floors are.
_NAMES: Final[dict[Kind, tuple[str, str]]] = {
    "csv": ("import of CSV by a mapping", "the same events as NDJSON, above"),
    "gdelt": ("import of GDELT", "as many events as NDJSON, above"),
}
_SEED: Final = 20260213
_GDELT_BEGIN: Final = date(2016, 1, 1)
_GDELT_COUNTRIES: Final = (
    "USA", "CHN", "IND", "RUS", "GBR", "FRA", "DEU", "JPN", "ISR", "IRN", "TUR", "UKR", "PAK", "SAU", "KOR", "PRK",
    "BRA", "AUS", "CAN", "ITA", "ESP", "POL", "EGY", "MEX", "IDN", "VNM", "ZAF", "NGA", "KEN", "ETH", "ARG", "CHL",
)  # fmt: skip
_CAMEO: Final = ("010", "036", "040", "042", "051", "057", "112", "130", "163", "172", "190")
_MAPPING: Final = """
title: "{title}"
when: {column: when}
countries:
  - {column: initiators, split: ";", initiator: true}
  - {column: countries, split: ";"}
type: "{type}"
summary: "{summary}"
goldstein: {number: goldstein}
actors: {json: actors}
sources: {json: sources}
tags: {json: tags}
codes: {json: codes}
attributes: {json: attributes}
"""
#: The command, which at its end writes down how it stood. What `wait4` tells is the most that either the command or who
#: has started it has held.
_RUN: Final = """
import atexit, pathlib, runpy, sys
own, told = pathlib.Path("/proc/self/status"), pathlib.Path(sys.argv.pop(1))
if own.exists():
    atexit.register(lambda: told.write_bytes(own.read_bytes()))
runpy.run_module("ingest_service.cli", run_name="__main__")
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import took: events a second, seconds of both processes for each, and the most that the command held."""

    rate: float
    cpu_seconds: float
    peak_bytes: int


def write_table(path: Path, mapping: Path, count: int) -> None:
    """So many events as a CSV, and how it is read."""
    mapping.write_text(_MAPPING)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*_PLAIN, *_SEVERAL, *_JSON])
        for event in events(count):
            plain = [event.get(name, "") for name in _PLAIN]
            several = [";".join(event.get(name, ())) for name in _SEVERAL]
            table.writerow([*plain, *several, *(orjson.dumps(event[n]).decode() if n in event else "" for n in _JSON)])


def write_gdelt(path: Path, count: int) -> None:
    """So many rows as GDELT 2.0 writes them, day by day; on no day has a pair two, so that no two tell one story."""
    random, pairs = Random(_SEED), list(combinations(_GDELT_COUNTRIES, 2))
    random.shuffle(pairs)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            days, pair = divmod(number, len(pairs))
            day = (_GDELT_BEGIN + timedelta(days=days)).strftime("%Y%m%d")
            address = f"https://news.example/{number}/{random.getrandbits(32):08x}"
            code, added = random.choice(_CAMEO), f"{day}{random.randint(0, 23):02}1500"
            file.write(gdelt_row(number + 1, *pairs[pair], code, address, day=day, added=added) + "\n")


async def import_events(ingest: Service, count: int, kind: Kind = "csv") -> Imported:
    """Import so many events; raises RuntimeError unless all are recorded."""
    with tempfile.TemporaryDirectory() as folder:
        table, mapping = Path(folder, f"events.{kind}"), Path(folder, "mapping.yaml")
        words = ["import", kind, str(table), "--url", ingest.url, "--no-wait", "--json"]
        if kind == "csv":
            write_table(table, mapping, count)
            words += ["--mapping", str(mapping)]
        else:
            write_gdelt(table, count)
        before = cpu_seconds(ingest)
        seconds, usage, peak, told = await asyncio.to_thread(run_ingest, words)
    if orjson.loads(told)["recorded"]["events"] != count:
        raise RuntimeError(f"not everything was recorded: {told.decode()}")
    cpu = cpu_seconds(ingest) - before + usage.ru_utime + usage.ru_stime
    return Imported(count / seconds, cpu / count, peak)


def import_figures(imported: Imported, bulk: float, kind: Kind = "csv") -> tuple[Figure, Figure]:
    """The rate of an import beside that of as many events as NDJSON, and its memory."""
    name, floor_name = _NAMES[kind]
    rate = Figure(name, imported.rate, bulk, floor_name, "/s", (), imported.cpu_seconds)
    return rate, memory_of(f"ingest import {kind}", imported.peak_bytes, LIMIT_MB)


def run_ingest(words: list[str]) -> tuple[float, resource.struct_rusage, int, bytes]:
    """Run `ingest`; returns how long it took, what it took, the most bytes that it held, and what it said."""
    with tempfile.TemporaryFile() as output, tempfile.NamedTemporaryFile() as status_file:
        start = time.perf_counter()
        child = subprocess.Popen([sys.executable, "-c", _RUN, status_file.name, *words], stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return seconds, usage, peak_in(status_file.read().decode()) or usage.ru_maxrss * 1024, output.read()
