"""What may be asked about an event that is recorded already: to correct it, to retract it."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from event_schemas.errors import RefusedEventError
from event_schemas.events import Event
from event_schemas.refusals import details_of
from event_schemas.texts import Empty, Reason, Uuid

Asked = TypeVar("Asked", bound=BaseModel)
Revision = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Retraction(BaseModel):
    """Why an event no longer holds; `duplicate_of` names the event that says the same, if one does."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    reason: Reason
    expected_revision: Annotated[Revision | None, Empty] = None
    duplicate_of: Annotated[Uuid | None, Empty] = None


class Correction(BaseModel):
    """The whole event as it should have been, and why; of a retracted event it is a reinstatement."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    reason: Reason
    event: Event
    expected_revision: Annotated[Revision | None, Empty] = None


def read_correction(value: Any) -> Correction:
    """The correction in a JSON value; raises RefusedEventError."""
    return _read(Correction, value)


def read_retraction(value: Any) -> Retraction:
    """The retraction in a JSON value; raises RefusedEventError."""
    return _read(Retraction, value)


def _read(model: type[Asked], value: Any) -> Asked:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise RefusedEventError(details_of(error)) from error
