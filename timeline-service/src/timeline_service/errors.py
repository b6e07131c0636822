"""What can go wrong in the timeline service, by whose turn it is to act."""

from collections.abc import Sequence

from event_schemas.errors import Detail


class TimelineError(Exception):
    """The base of this package's errors."""


class RefusedError(TimelineError):
    """The caller asks for what cannot be: `pointer` names the parameter, the message what was expected."""

    def __init__(self, pointer: str, detail: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.pointer = pointer
        self.candidates = tuple(candidates)


class UnknownError(TimelineError):
    """There is no such thing, of a kind for each subclass; `candidates` may be what was meant."""

    def __init__(self, detail: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.candidates = tuple(candidates)


class UnknownEventError(UnknownError):
    """There is no event with this id."""


class UnknownPairError(UnknownError):
    """These are not two countries."""


class UnknownCountryError(UnknownError):
    """This is not a country."""


class UnknownRecordError(UnknownError):
    """The log has no record at this position."""


class UnknownBatchError(UnknownError):
    """No record names this load."""


class NotYetError(UnknownError):
    """The record at this position is not projected yet, if there is one."""


class NotParkedError(UnknownError):
    """No record is parked at this position."""


class UnknownGenerationError(UnknownError):
    """There is no generation with this number that this code can read."""


class UnknownReplayError(UnknownError):
    """There is no replay with this id."""


class InvalidReplayError(TimelineError):
    """A body that asks for no replay that can be; `details` lists everything that is wrong with it."""

    def __init__(self, details: Sequence[Detail]) -> None:
        super().__init__("; ".join(f"{item.pointer or '/'}: {item.detail}" for item in details))
        self.details = tuple(details)


class TooLargeError(TimelineError):
    """A body of more bytes than are taken."""


class ConflictError(TimelineError):
    """What is asked for cannot be as things stand, for a reason for each subclass."""


class ReplayRunningError(ConflictError):
    """Another replay builds a generation; `replay` is its id."""

    def __init__(self, replay: str) -> None:
        super().__init__(f"the replay {replay} builds a generation: wait for its end, or cancel it")
        self.replay = replay


class ReplayOverError(ConflictError):
    """There is nothing left to cancel."""


class GenerationLiveError(ConflictError):
    """It is the live generation that is to be activated, or dropped."""


class GenerationFixedError(ConflictError):
    """A generation that ends at a point in time is to become the live one."""


class GenerationForeignError(ConflictError):
    """A generation that was made by code of another shape is to become the live one."""


class EndedError(TimelineError):
    """A read-only generation never gets to what was to be waited for; the message says where it ends."""


class UnavailableError(TimelineError):
    """The database or the broker is away, or an answer is not there yet: try again later."""


class ExhaustedError(UnavailableError):
    """This process is short of memory, or of stack: that says nothing of the record that it was at. Try again."""


class StuckError(UnavailableError):
    """A replay has come to a stop, although nothing is away: it is tried again, a few times."""


class LockedError(UnavailableError):
    """Rows or tables are locked by somebody else for too long: nothing was done."""


class DroppedError(UnavailableError):
    """The generation that was being read has just been dropped."""


class HaltError(TimelineError):
    """Going on could lose or invent history: somebody has to look. The message says at what."""


class FencedError(TimelineError):
    """Another has taken the partition over, or the generation is no longer ours to write: what we hold is stale."""


class ArchiveError(HaltError):
    """A file is not a whole export of a log. The message says where, and what was expected."""


class ExportError(ArchiveError):
    """A line of an export is not as it was written."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(f"line {line}: {detail}")
        self.line = line


class RestoreError(HaltError):
    """A log cannot be put back where it is to be. The message says why, and what to do."""
