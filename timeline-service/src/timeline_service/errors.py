"""What can go wrong in the timeline service, by whose turn it is to act."""


class TimelineError(Exception):
    """The base of this package's errors."""


class UnavailableError(TimelineError):
    """The database or the broker is away, or an answer is not there yet: try again later."""


class HaltError(TimelineError):
    """Going on could lose or invent history: somebody has to look. The message says at what."""


class FencedError(TimelineError):
    """Another projector has taken the partition over; what we hold in memory is stale."""
