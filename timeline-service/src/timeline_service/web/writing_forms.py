"""The forms with which events are posted, corrected and retracted, as they are shown with what ingest says of them."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from fastapi import Response

from event_schemas.taxonomy import DOMAINS, STAGES, TYPES, VALENCES
from timeline_service.adapters.ingest import IngestAnswer
from timeline_service.domain.country_names import names_in
from timeline_service.queries.views.countries import CountryView
from timeline_service.queries.views.events import EventView
from timeline_service.web.event_fields import EventFields, field_of
from timeline_service.web.filter_forms import Option
from timeline_service.web.finder import countries_in
from timeline_service.web.lines import event_url
from timeline_service.web.rendering import PageContext, show_at_once
from timeline_service.web.words import SIGNS, label, long_date

_REFUSED: Final = 400
_UNPROCESSABLE: Final = 422


@dataclass(frozen=True, slots=True)
class Refusal:
    """What ingest says of a field; an empty name is the whole."""

    field: str
    words: str


@dataclass(frozen=True, slots=True)
class Preview:
    """An event as it would be recorded."""

    title: str
    when: str
    when_as_written: str
    countries: tuple[str, ...]
    acted: tuple[str, ...]
    type: str
    valence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFormContext(PageContext):
    """The form of an event: a new one, or a correction of one."""

    template: ClassVar[str] = "event_form.html"
    action: str
    fields: EventFields
    types: tuple[Option, ...]
    valences: tuple[Option, ...]
    domains: tuple[Option, ...]
    stages: tuple[Option, ...]
    countries: tuple[CountryView, ...]
    refusals: tuple[Refusal, ...]
    preview: Preview | None
    #: Of a correction: why, and the revision that it corrects; and where the event is.
    reason: str
    expected_revision: int | None
    event_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetractionContext(PageContext):
    """The form of a retraction."""

    template: ClassVar[str] = "retraction_form.html"
    action: str
    event_title: str
    event_url: str
    reason: str
    duplicate_of: str
    expected_revision: int
    refusals: tuple[Refusal, ...]


def show_event_form(
    language: str,
    title: str,
    action: str,
    fields: EventFields,
    answer: IngestAnswer | None = None,
    *,
    reason: str = "",
    expected_revision: int | None = None,
    url: str | None = None,
) -> Response:
    """The form of an event, with what ingest has said of it."""
    refusals = _refusals(answer)
    context = EventFormContext(
        title=title,
        language=language,
        section="post" if url is None else "",
        action=action,
        fields=fields,
        types=tuple(Option(code, label(code), code == fields.type) for code in TYPES),
        valences=tuple(Option(code, f"{SIGNS[code]} {code}", code == fields.valence) for code in VALENCES),
        domains=tuple(Option(code, label(code), code == fields.domain) for code in DOMAINS),
        stages=tuple(Option(code, label(code), code == fields.stage) for code in STAGES),
        countries=countries_in(language),
        refusals=refusals,
        preview=_preview(answer, language) if answer is not None and not refusals else None,
        reason=reason,
        expected_revision=expected_revision,
        event_url=url,
    )
    return show_at_once(context, _UNPROCESSABLE if refusals else 200)


def show_correction(
    language: str,
    event: EventView,
    fields: EventFields,
    reason: str = "",
    answer: IngestAnswer | None = None,
    expected: int | None = None,
) -> Response:
    """The form of a correction of an event, of the revision that its writer has seen."""
    url = event_url(event["id"])
    title = f"Correct: {event['title']}"
    more: dict[str, Any] = {
        "reason": reason, "expected_revision": expected or event["revision"], "url": url,
    }  # fmt: skip
    return show_event_form(language, title, f"{url}/correct", fields, answer, **more)


def show_retraction(
    language: str, event: EventView, reason: str = "", duplicate_of: str = "", answer: IngestAnswer | None = None
) -> Response:
    """The form of a retraction of an event."""
    url = event_url(event["id"])
    refusals = _refusals(answer)
    context = RetractionContext(
        title=f"Retract: {event['title']}",
        language=language,
        action=f"{url}/retract",
        event_title=event["title"],
        event_url=url,
        reason=reason,
        duplicate_of=duplicate_of,
        expected_revision=event["revision"],
        refusals=refusals,
    )
    return show_at_once(context, _UNPROCESSABLE if refusals else 200)


def _refusals(answer: IngestAnswer | None) -> tuple[Refusal, ...]:
    if answer is None or answer.status < _REFUSED:
        return ()
    errors = answer.body.get("errors") or [{"pointer": "", "detail": answer.body.get("detail", "it was refused")}]
    return tuple(Refusal(field_of(error["pointer"]), error["detail"]) for error in errors)


def _preview(answer: IngestAnswer, language: str) -> Preview:
    event, names = answer.body, names_in(language)
    return Preview(
        title=event["title"],
        when=long_date(event["when"]),
        when_as_written=event["when"],
        countries=tuple(names[code] for code in event["countries"]),
        acted=tuple(names[code] for code in event.get("initiators", ())),
        type=label(event["type"]),
        valence=event.get("valence"),
    )
