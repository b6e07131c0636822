"""An import that posts nothing: the same report, and the first events as they would be read."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from event_schemas.dates import parse_when
from event_schemas.errors import LanguageError
from event_schemas.json_text import read_json
from ingest_service.domain.accept import Terms, accept_event, require_event_size
from ingest_service.errors import TooLargeError
from ingest_service.importing.drafts import Complain, Draft
from ingest_service.importing.tally import Tally

_SHOWN: Final = 10
#: Nothing of it is kept, so the time of acceptance is any.
_ACCEPTED_AT: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Rehearsal:
    """Judges drafts as the service would; `shown` are the first that it would take."""

    def __init__(self, tally: Tally, complain: Complain) -> None:
        self.shown: list[dict[str, Any]] = []
        self._tally = tally
        self._complain = complain

    def send(self, drafts: Iterable[Draft]) -> None:
        """Judge all."""
        for draft in drafts:
            self._judge(draft)

    def _judge(self, draft: Draft) -> None:
        try:
            line = draft.line
            require_event_size(len(line))
            accepted = accept_event(read_json(line), Terms("anonymous"), accepted_at=_ACCEPTED_AT)
        except (LanguageError, TooLargeError) as error:
            self._tally.refused += 1
            self._tally.refused_rows += draft.rows
            self._complain(draft.place, str(error), draft.event)
            return
        self._tally.recorded += 1
        self._tally.recorded_rows += draft.rows
        if len(self.shown) < _SHOWN:
            when = parse_when(accepted.normalised["when"])
            bounds = {name: value for name, value in when._asdict().items() if name != "text"}
            self.shown.append({**accepted.normalised, **bounds, "pairs": accepted.pairs})
