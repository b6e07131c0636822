"""The schemas of what is answered, by their names in the OpenAPI document."""

from typing import Any, Final

from event_schemas.taxonomy import DOMAINS, STAGES, TYPES, VALENCES
from service_edge.descriptions import PAIR, POSITION, POSITIONS, TIME, UUID, list_of, or_null, record, ref

_TEXT: Final = {"type": "string"}
_TEXTS: Final = list_of(_TEXT)
_COUNT: Final = {"type": "integer", "minimum": 0}
_NUMBER: Final = {"type": "integer", "minimum": 1}
_FLAG: Final = {"type": "boolean"}
_OBJECT: Final = {"type": "object"}
_CODE: Final = {"type": "string", "pattern": "^[A-Z]{3}$"}
_VALENCE: Final = {"enum": list(VALENCES)}
_DAY: Final = or_null({"type": "string", "format": "date"})
_NEXT: Final = or_null({"type": "string", "description": "The cursor of the next page."})
_AS_OF: Final = {**TIME, "description": "The instant that was asked for."}
_PRECISIONS: Final = ("day", "month", "season", "quarter", "year", "decade", "century", "interval")
_REASONS: Final = ("unknown-version", "failed", "behind-parked")
_PROBLEMS: Final = ("conflict", "stale-revision", "unknown-event", "already-retracted", "no-change", "malformed")
_PROBLEM: Final = {"enum": [*_PROBLEMS, *_REASONS], "description": "Why it was rejected or parked."}
_ACTION: Final = {"enum": ["recorded", "corrected", "retracted", "reinstated"]}
_TYPE: Final = {"enum": list(TYPES)}


def _paged(items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    more = {"count": _COUNT, "as_of": _AS_OF}
    return record([*more], **fields, items=list_of(items), next=_NEXT, **more)


SHAPES: Final[dict[str, Any]] = {
    "Country": record(code=_CODE, name=_TEXT),
    "Event": {
        "description": "An event as it is read: what is not known is null or empty.",
        **record(
            ["snippet"],
            id=UUID,
            title=_TEXT,
            when={"type": "string", "description": "EDTF, as it was written."},
            countries=list_of(_CODE),
            type=_TYPE,
            initiators=list_of(_CODE),
            summary=or_null(_TEXT),
            valence=or_null(_VALENCE),
            domain=or_null({"enum": list(DOMAINS)}),
            stage=or_null({"enum": list(STAGES)}),
            actors=list_of(record(["country"], name=_TEXT, country=_CODE)),
            sources=list_of(
                record(["title", "publisher", "published"], url=_TEXT, title=_TEXT, publisher=_TEXT, published=_TEXT)
            ),
            tags=_TEXTS,
            codes={"type": "object", "additionalProperties": _TEXT},
            goldstein=or_null({"type": "number", "minimum": -10, "maximum": 10}),
            attributes=_OBJECT,
            earliest=_DAY,
            latest=_DAY,
            precision={"enum": list(_PRECISIONS)},
            approximate=_FLAG,
            uncertain=_FLAG,
            pairs=list_of(PAIR),
            revision=_NUMBER,
            status={"enum": ["current", "retracted"]},
            accepted_at=TIME,
            recorded_at=TIME,
            revised_at=TIME,
            position=POSITION,
            snippet={"type": "string", "description": "HTML: escaped text with the words of `q` in `<mark>`."},
        ),
    },
    "Timeline": _paged(ref("Event"), pair=PAIR, countries=list_of(ref("Country"))),
    "Found": _paged(ref("Event")),
    "Pairs": record(
        items=list_of(record(pair=PAIR, countries=list_of(ref("Country")), count=_COUNT, first=_DAY, last=_DAY)),
        next=_NEXT,
    ),
    "Partners": record(items=list_of(record(code=_CODE, name=_TEXT, pair=PAIR, count=_COUNT))),
    "Summary": record(
        pair=or_null(PAIR),
        years=list_of(record(year=or_null({"type": "integer"}), **dict.fromkeys((*VALENCES, "none"), _COUNT))),
        types=list_of(record(type=_TYPE, count=_COUNT)),
        domains=list_of(record(domain=or_null({"enum": list(DOMAINS)}), count=_COUNT)),
        mean_goldstein=or_null({"type": "number"}),
        first=_DAY,
        last=_DAY,
        note=_TEXT,
    ),
    "Revisions": record(
        id=UUID,
        items=list_of(
            record(
                ["duplicate_of"],
                revision=_NUMBER,
                action=_ACTION,
                recorded_at=TIME,
                principal=_TEXT,
                reason=or_null(_TEXT),
                position=POSITION,
                event=ref("Event"),
                changes=list_of(record(pointer=_TEXT, before={}, after={})),
                duplicate_of=UUID,
            )
        ),
    ),
    "Record": record(
        ["revision", "duplicate_of", "problem", "detail"],
        position=POSITION,
        outcome={"enum": ["applied", "duplicate", "rejected", "parked"]},
        event_id=or_null(UUID),
        recorded_at=TIME,
        revision={**_NUMBER, "description": "What an applied record made; of a stale one, what was current."},
        duplicate_of={**POSITION, "description": "The record that said the same first."},
        problem=_PROBLEM,
        detail=_TEXT,
    ),
    "Parked": record(
        items=list_of(
            record(
                position=POSITION,
                event_id=or_null(UUID),
                reason={"enum": list(_REASONS)},
                detail=or_null(_TEXT),
                recorded_at=TIME,
                code_version=_TEXT,
                redriving=_FLAG,
                key=or_null({"type": "string", "contentEncoding": "base64"}),
                value=or_null({"type": "string", "contentEncoding": "base64"}),
                headers=list_of(list_of(or_null(_TEXT))),
            )
        ),
        next=_NEXT,
    ),
    "Redrive": record(position=POSITION),
    "Status": record(
        topic=_TEXT,
        generation=_NUMBER,
        lag=or_null(_COUNT),
        partitions=list_of(
            record(
                partition=_COUNT,
                log_start=or_null(_COUNT),
                log_end=or_null(_COUNT),
                next_offset=_COUNT,
                lag=or_null(_COUNT),
                owner=or_null(_TEXT),
                stopped=or_null(_TEXT),
            )
        ),
        records=record(**dict.fromkeys(("total", "applied", "duplicate", "rejected", "parked"), _COUNT)),
        last_verification=or_null(_OBJECT),
    ),
    "Told": {
        "description": "An event of a live stream. `id` is where the listener stands after it, for `Last-Event-ID`.",
        **record(
            id=POSITIONS,
            event={"enum": ["applied", "left", "duplicate", "rejected", "parked"]},
            data={"type": "string", "contentMediaType": "application/json", "contentSchema": ref("Outcome")},
        ),
    },
    "Outcome": record(
        ["event", "problem"],
        position=POSITION,
        action=or_null(_ACTION),
        revision=or_null(_NUMBER),
        event=ref("Event"),
        problem=_PROBLEM,
    ),
    "Countries": record(items=list_of(ref("Country"))),
    "Types": record(items=list_of(record(code=_TYPE, valence=or_null(_VALENCE)))),
    "State": record(status=_TEXT),
}
