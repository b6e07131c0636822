"""How far the projection is, and when it was last verified: one line, with a link to the evidence."""

from dataclasses import dataclass
from datetime import UTC, datetime

from timeline_service.queries.replays import last_verification
from timeline_service.queries.sources import Sources
from timeline_service.queries.views.replays import ReplayView
from timeline_service.web.words import ago


@dataclass(frozen=True, slots=True)
class Verification:
    """What the last verification found, in words, and where all of it is told."""

    words: str
    #: When that was, if ever, as `datetime` has it.
    at: str | None
    good: bool
    url: str
    #: When the page was made.
    now: datetime


async def verification_of(sources: Sources) -> Verification:
    """The last verification of the whole."""
    return said_of(await last_verification(sources), datetime.now(UTC))


def said_of(view: ReplayView | None, now: datetime) -> Verification:
    """A verification in words; None where there was none."""
    if view is None or view["finished_at"] is None:
        return Verification("not verified yet", None, False, "/audit", now)
    when = ago(view["finished_at"], now)
    equal = view["result"]["equal"] is True
    words = f"verified {when}" if equal else f"found different from the log {when}"
    return Verification(words, view["finished_at"], equal, f"/audit/{view['id']}", now)
