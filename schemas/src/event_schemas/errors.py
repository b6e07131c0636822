"""What can be wrong with an event or a record, in words for whoever sent it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that is wrong: a JSON Pointer (RFC 6901) to it, and what was expected there."""

    pointer: str
    detail: str
    candidates: tuple[str, ...] = ()


class LanguageError(ValueError):
    """The base of what this package refuses."""


class UnreadableError(LanguageError):
    """Bytes that are not the JSON that we take (RFC 8259 and RFC 7493: I-JSON)."""


class RefusedEventError(LanguageError):
    """JSON that is not an event; `details` lists everything that is wrong with it."""

    def __init__(self, details: Sequence[Detail]) -> None:
        super().__init__("; ".join(f"{item.pointer or '/'}: {item.detail}" for item in details))
        self.details = tuple(details)

    def within(self, field: str) -> "RefusedEventError":
        """The same refusal, pointing into what holds the event in a field."""
        return RefusedEventError(
            [Detail(f"/{field}{item.pointer}", item.detail, item.candidates) for item in self.details]
        )


class MalformedRecordError(LanguageError):
    """A record of the log that is not ours: it is rejected, kept, and blocks nothing."""


class UnknownVersionError(LanguageError):
    """A record of ours in a version that this code does not know yet: it is parked for newer code."""
