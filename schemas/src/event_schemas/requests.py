"""What may be said around an event: what to do where it is recorded already, to correct it, to retract it."""

from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from event_schemas.errors import RefusedEventError
from event_schemas.events import Event
from event_schemas.refusals import FieldError, details_of
from event_schemas.texts import Empty, Reason, Uuid

Asked = TypeVar("Asked", bound=BaseModel)
MAX_REVISION: Final = 2**31 - 1
Revision = Annotated[int, Field(ge=1, le=MAX_REVISION)]
#: What a recorded event may do to the one that is there: be its correction. Else other words are a conflict.
OnExisting = Literal["correct"]


class Recording(BaseModel):
    """An event as the log records it; `event` is still to be read. With `on_existing` it says why, too.

    Both stand beside the event, as a correction's reason does, and not among the attributes of the CloudEvent: those
    are short and one line, and a reason may have paragraphs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    event: Any
    on_existing: OnExisting | None = None
    reason: Reason | None = None

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if self.on_existing is not None and self.reason is None:
            raise FieldError("reason", "is required with on_existing: say why what is there is corrected")
        if self.on_existing is None and self.reason is not None:
            raise FieldError("on_existing", "is required with a reason: only a correction has one")
        return self


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


def read_recording(value: Any) -> Recording:
    """What a record says around its event; raises RefusedEventError."""
    return _read(Recording, value)


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
