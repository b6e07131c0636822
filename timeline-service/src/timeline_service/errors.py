"""What can go wrong in the timeline service, by whose turn it is to act."""

from collections.abc import Sequence


class TimelineError(Exception):
    """The base of this package's errors."""


class RefusedError(TimelineError):
    """The caller asks for what cannot be: `pointer` names the parameter, the message what was expected."""

    def __init__(self, pointer: str, detail: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.pointer = pointer
        self.candidates = tuple(candidates)


class UnknownError(TimelineError):
    """There is no such event, pair, country or record; `candidates` may be what was meant."""

    def __init__(self, what: str, detail: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.what = what
        self.candidates = tuple(candidates)


class UnavailableError(TimelineError):
    """The database or the broker is away, or an answer is not there yet: try again later."""


class HaltError(TimelineError):
    """Going on could lose or invent history: somebody has to look. The message says at what."""


class FencedError(TimelineError):
    """Another projector has taken the partition over; what we hold in memory is stale."""
