"""Reports by date and pair, on disk: however many there are, only those of one date and pair are in memory at once."""

import marshal
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from typing import Final

from ingest_service.importing.gdelt_rows import Report
from ingest_service.importing.scratch import Scratch

_BATCH: Final = 2_000
#: A report lies there as its fields: nothing but this process ever reads them.
_TABLE: Final = "create table reports (id integer primary key, date text, pair text, place text, fields blob)"
_INSERT: Final = "insert or ignore into reports values (?, ?, ?, ?, ?)"
_SELECT: Final = "select date, pair, place, fields from reports order by date, pair, id"


class ReportStore(Scratch):
    """Keeps each report once, by its id."""

    def __init__(self) -> None:
        super().__init__(_TABLE)
        self._held: list[tuple[object, ...]] = []
        self._added = 0

    def add(self, report: Report, place: str) -> None:
        """Keep a report, unless its id is known."""
        self._held.append((int(report.id), report.when, report.pair, place, marshal.dumps(tuple(report))))
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
            for _, group in groupby(rows, key=itemgetter(0, 1)):
                yield [(Report(*marshal.loads(fields)), place) for _, _, place, fields in group]

    def _write(self) -> None:
        self._database.execute("begin")
        self._database.executemany(_INSERT, self._held)
        self._database.execute("commit")
        self._added += len(self._held)
        self._held.clear()
