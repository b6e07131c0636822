"""What can go wrong in the ingest service, by whose turn it is to act."""


class IngestError(Exception):
    """The base of this package's errors."""


class RefusedRequestError(IngestError):
    """A request that cannot be taken as it is; the message says what to change."""


class BadParameterError(IngestError):
    """A header or path parameter that cannot be read; `pointer` names it."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class TooLargeError(IngestError):
    """More bytes than are taken; the message names the limit."""


class OverloadedError(IngestError):
    """More long bodies at once than are taken in: nothing of this one was recorded."""


class StalledError(OverloadedError):
    """A body that hardly comes while others wait for its place."""


class UnavailableError(IngestError):
    """The log cannot be reached, and nothing was sent to it."""


class UnknownOutcomeError(IngestError):
    """No acknowledgement came: it may have been recorded. `event_id` names what was posted."""

    def __init__(self, event_id: str | None, detail: str) -> None:
        super().__init__(detail)
        self.event_id = event_id
