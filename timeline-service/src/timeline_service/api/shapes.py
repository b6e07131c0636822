"""The schemas of what is answered, by their names in the OpenAPI document."""

from typing import Any, Final

from event_schemas.taxonomy import DOMAINS, STAGES, TYPES, VALENCES
from service_edge.descriptions import PAIR, POSITION, POSITIONS, TIME, UUID, list_of, or_null, record, ref
from timeline_service.domain.exports import TIMESTAMP_TYPES

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
_BASE64: Final = {"type": "string", "contentEncoding": "base64"}
_SHA256: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TYPE: Final = {"enum": list(TYPES)}

_OFFSETS: Final = {
    "type": "object",
    "additionalProperties": _COUNT,
    "description": "Partitions, each with the offset before which it ends.",
    "examples": [{"0": 12, "1": 7}],
}


def _only(**fields: Any) -> dict[str, Any]:
    return {**record(**fields), "additionalProperties": False}


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
                key=or_null(_BASE64),
                value=or_null(_BASE64),
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
        last_verification=or_null(record(id=UUID, equal=_FLAG, digest=_TEXT, finished_at=TIME)),
        replayers=list_of({"type": "string", "description": "host/pid of a process that carries replays out."}),
    ),
    "ReplayRequest": {
        **record(
            ["until"],
            kind={"enum": ["verify", "rebuild"]},
            until={
                "description": "Where it ends: before these offsets, or with what was recorded by an instant.",
                "oneOf": [
                    _only(
                        next_offsets={
                            "description": "An offset for each partition, by its number or in their order.",
                            "oneOf": [_OFFSETS, {"type": "array", "items": _COUNT}],
                        }
                    ),
                    _only(recorded_at={**TIME, "description": "RFC 3339; not in the future."}),
                ],
            },
        ),
        "additionalProperties": False,
    },
    "Replay": record(
        ["until", "generation", "result", "reason"],
        id=UUID,
        kind={"enum": ["verify", "rebuild", "activate"]},
        state={"enum": ["queued", "running", "succeeded", "failed", "cancelled"]},
        requested_at=TIME,
        started_at=or_null(TIME),
        finished_at=or_null(TIME),
        progress=record(
            phase={"type": "string", "description": "What it does now."},
            records=_COUNT,
            total=_COUNT,
            rate=or_null({"type": "number", "description": "Records a second, of late."}),
            seconds_left=or_null({"type": "number"}),
            bytes=_COUNT,
            bytes_total=or_null({**_COUNT, "description": "Estimated from those done."}),
            partitions=list_of(record(partition=_COUNT, records=_COUNT, total=_COUNT, bytes=_COUNT)),
        ),
        until={"oneOf": [record(next_offsets=_OFFSETS), record(recorded_at=TIME)]},
        generation={**_NUMBER, "description": "Which it makes, or makes live."},
        result=ref("ReplayResult"),
        reason={"type": "string", "description": "Why it failed."},
    ),
    "ReplayResult": record(
        ["log_digest", "differences", "explained", "seconds", "generation"],
        equal={
            "description": "Whether what is shown is what the log says; null where this code could not compare.",
            **or_null(_FLAG),
        },
        digest={"description": "Of all that is shown.", **or_null(_TEXT)},
        log_digest={"description": "Of all that the log says.", **or_null(_TEXT)},
        rows=or_null(_COUNT),
        tables=list_of(
            record(
                ["log_digest"],
                table=_TEXT,
                rows=or_null(_COUNT),
                digest=or_null(_TEXT),
                log_digest=or_null(_TEXT),
                differences=_COUNT,
            )
        ),
        differences={
            "description": "At most 1,000, and not in a list of replays; `tables` counts them all.",
            **list_of(
                record(
                    table=_TEXT,
                    key={"description": "Which row."},
                    field=or_null({"type": "string", "description": "Null where a whole row is missing or too much."}),
                    live={"description": "What is shown."},
                    log={"description": "What the log says."},
                    position={"description": "The record to look at.", **or_null(POSITION)},
                )
            ),
        },
        explained=record(
            ["records"],
            parked=_COUNT,
            rejected=_COUNT,
            duplicate=_COUNT,
            records=list_of(record(position=POSITION, outcome=_TEXT, problem=or_null(_TEXT))),
        ),
        next_offsets=or_null(_OFFSETS),
        seconds={"type": "number"},
        code_version=_TEXT,
        generation=_NUMBER,
    ),
    "Replays": record(items=list_of(ref("Replay")), next=_NEXT),
    "ReplayTold": record(
        ["id"],
        id=_TEXT,
        event={"enum": ["progress", "done"]},
        data={"type": "string", "contentMediaType": "application/json", "contentSchema": ref("Replay")},
    ),
    "Generations": record(
        items=list_of(
            record(
                ["until"],
                n=_NUMBER,
                live=_FLAG,
                until={"description": "Of a read-only one.", **record(next_offsets=_OFFSETS)},
                created_at=TIME,
                code_version={"description": "The code that made it.", **or_null(_TEXT)},
            )
        )
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
    "ExportHeader": {
        "description": "The first line of an export: what the others are.",
        **record(topic=_TEXT, partitions=_NUMBER, partition=_COUNT, **{"from": _COUNT, "to": _COUNT}),
    },
    "ExportedRecord": {
        "description": "A record of the log. The hashes are SHA-256, that of the headers of their JSON as it stands.",
        **record(
            position=POSITION,
            timestamp={"type": "integer", "description": "Milliseconds since 1970."},
            timestamp_type={"enum": list(TIMESTAMP_TYPES)},
            key=or_null(_BASE64),
            value=or_null(_BASE64),
            headers=list_of(list_of(or_null(_TEXT))),
            sha256=record(key=or_null(_SHA256), value=or_null(_SHA256), headers=_SHA256),
        ),
    },
    "ExportGap": {
        "description": "Offsets from `from` to before `to` that hold no record, as those of a transaction's markers.",
        **record(gap=record(partition=_COUNT, **{"from": _COUNT, "to": _NUMBER})),
    },
    "ExportEnd": {
        "description": "The last line of an export: how many records there were. Without it an export broke off.",
        **record(end=record(partition=_COUNT, records=_COUNT, next_offset=_COUNT)),
    },
    "Countries": record(items=list_of(ref("Country"))),
    "Types": record(items=list_of(record(code=_TYPE, valence=or_null(_VALENCE)))),
    "State": record(status=_TEXT),
}
