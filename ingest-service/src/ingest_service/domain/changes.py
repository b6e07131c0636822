"""Corrections and retractions of which each says by itself what it is and which event it is about."""

from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from event_schemas.errors import Detail, RefusedEventError
from event_schemas.refusals import details_of
from event_schemas.requests import Correction, Retraction
from event_schemas.texts import Uuid
from ingest_service.domain.accept import Accepted, Terms, take_correction, take_retraction

Change = TypeVar("Change", bound=BaseModel)


class NamedCorrection(Correction):
    """A correction, and of which event."""

    action: Literal["correct"]
    id: Uuid


class NamedRetraction(Retraction):
    """A retraction, and of which event."""

    action: Literal["retract"]
    id: Uuid


def accept_change(value: Any, terms: Terms, *, accepted_at: datetime) -> Accepted:
    """The record of a change; raises RefusedEventError, which lists everything that is wrong, and TooLargeError."""
    match value:
        case {"action": "correct"}:
            correction = _read(NamedCorrection, value)
            return take_correction(correction, correction.id, terms, accepted_at=accepted_at)
        case {"action": "retract"}:
            retraction = _read(NamedRetraction, value)
            return take_retraction(retraction, retraction.id, terms, accepted_at=accepted_at)
        case {"action": _}:
            raise RefusedEventError([Detail("/action", "is neither correct nor retract: write one of them")])
        case dict():
            raise RefusedEventError([Detail("/action", "is required: correct or retract")])
        case _:
            raise RefusedEventError([Detail("", "expected an object: a correction or retraction, and of which event")])


def _read(model: type[Change], value: Any) -> Change:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise RefusedEventError(details_of(error)) from error
