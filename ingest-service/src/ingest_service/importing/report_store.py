"""Reports by date and pair, on disk: however many there are, only those of one date and pair are in memory at once."""

from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from typing import Final

import orjson

from ingest_service.importing.gdelt_rows import Report
from ingest_service.importing.scratch import Scratch

_BATCH: Final = 2_000
_TABLE: Final = """
create table reports (
  id integer primary key, date text, pair text, source text, target text, code text, goldstein real, mentions integer,
  address text, actors text, place text
) without rowid
"""
_INSERT: Final = "insert or ignore into reports values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT: Final = "select * from reports order by date, pair, id"


class ReportStore(Scratch):
    """Keeps each report once, by its id."""

    def __init__(self) -> None:
        super().__init__(_TABLE)
        self._held: list[tuple[object, ...]] = []
        self._added = 0

    def add(self, report: Report, place: str) -> None:
        """Keep a report, unless its id is known."""
        actors = orjson.dumps(report.actors).decode() if report.actors else "[]"
        self._held.append((
            int(report.id), report.when, report.pair, report.source, report.target, report.code, report.goldstein,
            report.mentions, report.address, actors, place,
        ))  # fmt: skip
        if len(self._held) >= _BATCH:
            self._write()

    def finish(self) -> tuple[int, int]:
        """Write what is held; returns how many reports there are, and how many were repeated."""
        self._write()
        (kept,) = self._database.execute("select count(*) from reports").fetchone()
        return kept, self._added - kept

    def groups(self) -> Iterator[list[tuple[Report, str]]]:
        """The reports of each date and pair with their places, by date, pair and id."""
        with closing(self._database.execute(_SELECT)) as rows:
            for _, group in groupby(rows, key=lambda row: row[1:3]):
                yield [(_report(row), row[10]) for row in group]

    def _write(self) -> None:
        self._database.execute("begin")
        self._database.executemany(_INSERT, self._held)
        self._database.execute("commit")
        self._added += len(self._held)
        self._held.clear()


def _report(row: tuple[int, str, str, str, str, str, float | None, int, str, str, str]) -> Report:
    number, when, _, source, target, code, goldstein, mentions, address, actors, _ = row
    named = tuple((name, country) for name, country in orjson.loads(actors))
    return Report(str(number), when, source, target, code, goldstein, mentions, address, named)
