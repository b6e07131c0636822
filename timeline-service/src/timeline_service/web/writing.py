"""Writing from a page: `/post`, `/events/{id}/correct` and `/retract`; what became of it at `/recorded/{position}`.

A page hands on what was written to the ingest service, which checks and records it, and shows what that says.
"""

import re
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from service_edge.access.callers import caller_of
from service_edge.parameters import WHOLE, EventId
from timeline_service.adapters.ingest import IngestAnswer, IngestWriter
from timeline_service.api.holdings import Held
from timeline_service.api.languages import Language
from timeline_service.api.read_points import AwaitedLive, CurrentReadPoint
from timeline_service.domain.country_names import names_in
from timeline_service.errors import NotYetError, RefusedError, UnknownRecordError
from timeline_service.queries.events import find_event
from timeline_service.queries.records import find_record, is_in_log
from timeline_service.queries.views.events import EventView
from timeline_service.web.addresses import PageRoute, with_query
from timeline_service.web.event_fields import LISTS, TEXTS, EventFields
from timeline_service.web.finder import country_meant
from timeline_service.web.form_bodies import Form, read_form
from timeline_service.web.lines import event_url
from timeline_service.web.outcome_words import meaning_of
from timeline_service.web.rendering import PageContext, show_at_once
from timeline_service.web.writing_forms import show_correction, show_event_form, show_retraction

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_REVISION: Final = re.compile(r"[1-9][0-9]{0,8}")
_WAIT_SECONDS: Final = 5.0
#: Seconds before the page of a record that may not exist asks again for the last time.
_LONGEST_PAUSE: Final = 64
_CREATED: Final = 201
_ACCEPTED: Final = 202
_UNPROCESSABLE: Final = 422


async def _ingest(request: Request, held: Held) -> IngestWriter:
    return held.ingest.writer(caller_of(request).credential)


#: The ingest service, as the reader who writes: what is recorded is theirs.
Ingest = Annotated[IngestWriter, Depends(_ingest)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedContext(PageContext):
    """What became of a record that a page has sent."""

    template: ClassVar[str] = "recorded.html"
    position: str
    #: As the record has it; `awaited`, while it is in the log only; `unknown`, while Kafka does not say if it is.
    outcome: str
    problem: str | None
    #: What that means, and more of it, if there is more to say.
    meaning: str = ""
    detail: str | None = None
    event_url: str | None = None
    #: Whether the page asks again by itself.
    asks_again: bool = False
    batch: str | None = None
    batch_url: str = ""


@router.get("/post")
async def post_form(language: Language, country: Annotated[list[str] | None, Query(max_length=60)] = None) -> Response:
    """An empty form, or one that names countries already."""
    names = names_in(language)
    fields = EventFields.read([("country", names.get(country_meant(language, each), each)) for each in country or []])
    return show_event_form(language, "Post an event", "/post", fields)


@router.post("/post")
async def post(request: Request, ingest: Ingest, language: Language) -> Response:
    """Check what was filled in; once that was shown, record it."""
    form = await read_form(request, {*TEXTS, "step"}, LISTS)
    fields = EventFields.read(form)
    event = fields.event(country=partial(country_meant, language))
    if _step(form) == "record":
        answer = await ingest.record(event)
        if answer.status == _CREATED:
            return _recorded(answer)
    else:
        answer = await ingest.check(event)
    return show_event_form(language, "Post an event", "/post", fields, answer)


@router.get("/events/{event_id}/correct")
async def correction_form(held: Held, point: CurrentReadPoint, event_id: EventId, language: Language) -> Response:
    """The form with what the event says now."""
    event = await find_event(held.sources, point, event_id)
    return show_correction(language, event, EventFields.of(event, names_in(language)))


@router.post("/events/{event_id}/correct")
async def correct(
    request: Request, held: Held, ingest: Ingest, point: CurrentReadPoint, event_id: EventId, language: Language
) -> Response:
    """Check the corrected event; once that was shown, record the correction."""
    form = await read_form(request, {*TEXTS, "step", "reason", "expected_revision"}, LISTS)
    event = await find_event(held.sources, point, event_id)
    fields, reason, expected = EventFields.read(form), _value(form, "reason"), _revision(form, event)
    corrected = fields.event(_content(event), country=partial(country_meant, language))
    answer = await ingest.check(corrected)
    if answer.status < _UNPROCESSABLE and _step(form) == "record":
        correction = {"reason": reason, "event": corrected, "expected_revision": expected}
        answer = await ingest.correct(event_id, correction)
        if answer.status == _ACCEPTED:
            return _recorded(answer)
    return show_correction(language, event, fields, reason, answer, expected)


@router.get("/events/{event_id}/retract")
async def retraction_form(held: Held, point: CurrentReadPoint, event_id: EventId, language: Language) -> Response:
    """The form of a retraction."""
    return show_retraction(language, await find_event(held.sources, point, event_id))


@router.post("/events/{event_id}/retract")
async def retract(
    request: Request, held: Held, ingest: Ingest, point: CurrentReadPoint, event_id: EventId, language: Language
) -> Response:
    """Record that the event no longer holds."""
    form = await read_form(request, {"reason", "duplicate_of", "expected_revision"})
    event = await find_event(held.sources, point, event_id)
    said = {"reason": _value(form, "reason"), "duplicate_of": _value(form, "duplicate_of") or None}
    answer = await ingest.retract(event_id, {**said, "expected_revision": _revision(form, event)})
    if answer.status == _ACCEPTED:
        return _recorded(answer)
    return show_retraction(language, event, said["reason"] or "", said["duplicate_of"] or "", answer)


@router.get("/recorded/{position}")
async def recorded(
    awaited: AwaitedLive,
    language: Language,
    position: Annotated[str, Path(description="partition:offset of a record.")],
    pause: Annotated[int, Query(ge=1, le=2 * _LONGEST_PAUSE), WHOLE] = 1,
) -> Response:
    """What became of a record; while it is not known yet, the page asks again by itself.

    Where nobody knows whether there is such a record, it asks after pauses that grow, and then no more.
    """
    shown: dict[str, Any] = {"language": language, "position": position, "json_url": f"/v1/records/{position}"}
    try:
        _, view = await find_record(awaited, position, _WAIT_SECONDS)
    except NotYetError:
        in_log = await is_in_log(awaited.sources, position)
        if in_log is False:
            raise UnknownRecordError(f"the log has no record at {position}: it ends before that") from None
        if in_log:
            context = RecordedContext(title="Recorded", outcome="awaited", problem=None, asks_again=True, **shown)
            return show_at_once(context, 200, {"refresh": "1"})
        again = pause <= _LONGEST_PAUSE
        context = RecordedContext(title="Not known yet", outcome="unknown", problem=None, asks_again=again, **shown)
        refresh = f"{pause}; url={with_query(f'/recorded/{position}', [('pause', str(2 * pause))])}"
        return show_at_once(context, 200, {"refresh": refresh} if again else {})
    batch = view.get("batch")
    context = RecordedContext(
        title="Recorded" if view["outcome"] in {"applied", "duplicate"} else "Recorded, and not applied",
        outcome=view["outcome"],
        problem=view.get("problem"),
        meaning=meaning_of(view["outcome"], view.get("problem")),
        detail=view.get("detail"),
        event_url=event_url(view["event_id"]) if view["event_id"] else None,
        batch=batch,
        batch_url=with_query("/audit/records", [("batch", batch)]) if batch else "",
        **shown,
    )
    return show_at_once(context, 200)


def _recorded(answer: IngestAnswer) -> Response:
    return RedirectResponse(f"/recorded/{answer.body['position']}", 303)


def _content(event: EventView) -> dict[str, Any]:
    """The fields of an event that nobody derives, which a correction has to say again."""
    return {name: event[name] for name in ("codes", "goldstein", "attributes")}


def _step(form: Form) -> str:
    step = _value(form, "step")
    if step not in {"", "check", "record"}:
        raise RefusedError("/step", "expected check or record")
    return step


def _value(form: Form, name: str) -> str:
    return dict(form).get(name, "")


def _revision(form: Form, event: EventView) -> int:
    """The revision that the writer saw: another one since then makes the change stale, and is not overwritten."""
    text = _value(form, "expected_revision")
    if text and not _REVISION.fullmatch(text):
        raise RefusedError("/expected_revision", "expected the number of the revision that was seen, such as 1")
    return int(text) if text else event["revision"]
