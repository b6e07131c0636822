"""The records that the ingest service makes of what somebody posts: an event, its correction, its retraction."""

from datetime import datetime
from uuid import uuid4

from event_schemas.event_fields import EventFields
from event_schemas.events import derive_uuid, digest_of, said_by
from event_schemas.records import Record
from event_schemas.requests import Correction, Retraction
from event_schemas.versions import Action


def recorded(
    event: EventFields,
    event_id: str,
    content: bytes,
    digest: str,
    *,
    principal: str,
    accepted_at: datetime,
    origin: tuple[str, str] | None = None,
    correcting: str | None = None,
    batch: str | None = None,
) -> Record:
    """The record of a new event. The same event posted again has the same record id.

    With a reason in `correcting` it says how things are now, and so corrects the event that is there. Then its id is
    its own, each time: a feed that says A, then B, then A again has said three things, and to whoever takes records of
    one id for one, as CloudEvents allows, the last A would be the first, and the event would stay at B. Nor does an id
    have to make a repeated post safe: as long as nothing else was said between, it says what is current, and the
    verdict on that is `duplicate`.
    """
    return Record(
        record_id=derive_uuid("recorded", event_id, digest) if correcting is None else str(uuid4()),
        event_id=event_id,
        action="recorded",
        principal=principal,
        accepted_at=accepted_at,
        event=event,
        content=content,
        digest=digest,
        reason=correcting,
        origin=origin,
        on_existing=None if correcting is None else "correct",
        batch=batch,
    )


def corrected(
    correction: Correction,
    event_id: str,
    *,
    principal: str,
    accepted_at: datetime,
    key: str | None = None,
    batch: str | None = None,
) -> Record:
    """The record of a correction. With a key or an expectation, the same one again has the same record id."""
    event, content = said_by(correction.event)
    digest = digest_of(content)
    return Record(
        record_id=_change_id(
            "corrected", event_id, principal, key, correction.expected_revision, digest, correction.reason
        ),
        event_id=event_id,
        action="corrected",
        principal=principal,
        accepted_at=accepted_at,
        reason=correction.reason,
        expected_revision=correction.expected_revision,
        event=event,
        content=content,
        digest=digest,
        batch=batch,
    )


def retracted(
    retraction: Retraction,
    event_id: str,
    *,
    principal: str,
    accepted_at: datetime,
    key: str | None = None,
    batch: str | None = None,
) -> Record:
    """The record of a retraction. With a key or an expectation, the same one again has the same record id."""
    return Record(
        record_id=_change_id(
            "retracted",
            event_id,
            principal,
            key,
            retraction.expected_revision,
            retraction.duplicate_of,
            retraction.reason,
        ),
        event_id=event_id,
        action="retracted",
        principal=principal,
        accepted_at=accepted_at,
        reason=retraction.reason,
        expected_revision=retraction.expected_revision,
        duplicate_of=retraction.duplicate_of,
        batch=batch,
    )


def _change_id(
    action: Action,
    event_id: str,
    principal: str,
    key: str | None,
    expected_revision: int | None,
    content: str | None,
    reason: str,
) -> str:
    if key is not None:
        return derive_uuid("change", principal, key, event_id)
    if expected_revision is not None:
        return derive_uuid(action, event_id, content, reason, expected_revision)
    return str(uuid4())  # without either, two people who say the same mean two changes
