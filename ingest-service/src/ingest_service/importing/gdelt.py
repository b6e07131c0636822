"""GDELT's files as drafts: all rows are read first, then stories are told one date after another."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ingest_service.importing import stories
from ingest_service.importing.drafts import Complain, Draft, DroppedRowError, UnreadableRowError, Watch
from ingest_service.importing.files import Line, read_lines
from ingest_service.importing.gdelt_events import events_of
from ingest_service.importing.gdelt_rows import Report, read_report
from ingest_service.importing.report_store import ReportStore
from ingest_service.importing.tally import Tally

REPEATED: Final = "its GLOBALEVENTID was read before"


def gdelt_drafts(
    paths: Sequence[Path],
    tally: Tally,
    complain: Complain,
    watch: Watch,
    *,
    encoding: str = "utf-8",
    apart: bool = False,
) -> Iterator[Draft]:
    """The events of all files together; raises FileError, before the first of them, where a file cannot be read.

    `apart` makes an event of each row.
    """
    with ReportStore() as store:
        watch.begin("reading", sum(path.stat().st_size for path in paths if path.exists()), "bytes")
        for path in paths:
            for line in read_lines(path, encoding, watch.advance):
                report = _read(line, tally, complain)
                if report is not None:
                    store.add(report, line.place)
        kept, repeated = store.finish()
        if repeated:
            tally.dropped[REPEATED] += repeated
        watch.begin("posting", kept, "rows")
        for group in store.groups():
            places = {report.id: place for report, place in group}
            reports = [report for report, _ in group]
            for story in stories.apart(reports) if apart else stories.joined(reports):
                for event, merged in events_of(story):
                    yield Draft(event, places[merged[0].id], len(merged))
                    watch.advance(len(merged))


def _read(line: Line, tally: Tally, complain: Complain) -> Report | None:
    """A line's report; without one the tally knows why. Blank lines are no rows."""
    if not line.text and not line.trouble:
        return None
    tally.rows += 1
    try:
        if line.trouble:
            raise UnreadableRowError(line.trouble)
        return read_report(line.text.split("\t"))
    except DroppedRowError as reason:
        tally.dropped[str(reason)] += 1
    except UnreadableRowError as reason:
        tally.unreadable[str(reason)] += 1
        complain(line.place, reason.detail, line.text)
    return None
