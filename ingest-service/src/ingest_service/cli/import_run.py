"""One import from its files to its report and exit status."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ingest_service.cli.complaints import Complaints
from ingest_service.cli.import_sources import ImportSource
from ingest_service.cli.looking import Looking
from ingest_service.cli.parts import Part
from ingest_service.cli.posting import Way
from ingest_service.cli.refusals import SendingError
from ingest_service.cli.rehearsal import Rehearsal
from ingest_service.importing.drafts import Draft, Watch
from ingest_service.importing.files import FileError
from ingest_service.importing.tally import Tally
from service_edge.terminal import ExitStatus


@dataclass(frozen=True, slots=True)
class Import:
    """How files are imported: what reads them, where their events go, how it is told."""

    source: ImportSource
    way: Way
    complaints: Complaints
    dry_run: bool
    as_json: bool

    def run(self, files: Sequence[Path]) -> tuple[ExitStatus, str, Tally]:
        """Import files that belong together, and report; returns the status, what went wrong, and the counts."""
        tally = Tally()
        with Looking() as looking:
            drafts = self.source(files, tally, self.complaints.add, looking)
            shown, status, words = self._send(drafts, tally, looking)
        if status is ExitStatus.DONE and (tally.refused or tally.rejected or tally.unreadable):
            status = ExitStatus.REFUSED
        _report(tally, shown, dry_run=self.dry_run, as_json=self.as_json)
        return status, words, tally

    def _send(
        self, drafts: Iterator[Draft], tally: Tally, watch: Watch
    ) -> tuple[list[dict[str, Any]], ExitStatus, str]:
        """Post all drafts, or rehearse it; returns the first events of a rehearsal, and what ended it early."""
        rehearsal = Rehearsal(tally, self.complaints.add)
        try:
            if self.dry_run:
                rehearsal.send(drafts)
            else:
                parts = (Part(draft.line, draft.place, draft.rows) for draft in drafts)
                self.way.send(parts, tally, self.complaints, watch)
        except FileError as error:
            return rehearsal.shown, ExitStatus.REFUSED, str(error)
        except SendingError as error:
            return [], error.status, str(error)
        return rehearsal.shown, ExitStatus.DONE, ""


def _report(tally: Tally, shown: list[dict[str, Any]], *, dry_run: bool, as_json: bool) -> None:
    """Print what became of the rows, and the first events of a rehearsal."""
    if as_json:
        told = {**tally.summary(), **({"dry_run": True, "first": shown} if dry_run else {})}
        print(orjson.dumps(told).decode())
        return
    print(f"{tally.rows} rows" + (", nothing was posted; it would be:" if dry_run else ""))
    width = len(str(tally.rows))
    for count, words in tally.lines():
        print(f"  {count:{width}} {words}")
    for event in shown:
        print(f"\n{event['when']}  {' '.join(event['pairs'])}  {event['title']}")
        for name in [name for name in event if name not in {"when", "pairs", "title"}]:
            print(f"  {name}: {orjson.dumps(event[name]).decode()}")
