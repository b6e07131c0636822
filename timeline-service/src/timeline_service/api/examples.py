"""What the descriptions show: one event of a pair, its history, what is counted of it, and what became of records."""

import json
from typing import Any, Final

from event_schemas.taxonomy import EVENT_TYPES
from timeline_service.domain.exports import End, ExportHeader, Gap, write_end, write_gap, write_header, write_record
from timeline_service.domain.replays import PartitionProgress, Progress
from timeline_service.formats import FORMATS, FormatContext
from timeline_service.formats.changes import CHANGES_FORMATS
from timeline_service.judge.decoding import RawRecord
from timeline_service.queries.views.events import EventView

EVENT_ID: Final = "80d5d10a-b3b5-59dc-825b-830d249e8c6a"
REPLAY_ID: Final = "0b4f4c1e-5c0b-4c1c-9f6e-1d2f7a1c9d10"
CURSOR: Final = "eyJ2IjpbMTgsNV19.c2lnbmF0dXJl"
_COUNTRIES: Final = [{"code": "CHN", "name": "China"}, {"code": "IND", "name": "India"}]
_TITLE: Final = "India bans TikTok and dozens of other Chinese apps"

EVENT: Final[EventView] = {
    "id": EVENT_ID,
    "title": _TITLE,
    "when": "2020-06-29",
    "countries": ["CHN", "IND"],
    "type": "ban",
    "initiators": ["IND"],
    "summary": None,
    "valence": "conflictual",
    "domain": "technology",
    "stage": "in_force",
    "actors": [{"name": "TikTok", "country": "CHN"}],
    "sources": [
        {
            "url": "https://example.org/report",
            "title": "India bans TikTok",
            "publisher": "BBC News",
            "published": "2020-06-29",
        }
    ],
    "tags": ["apps"],
    "codes": {"gdelt": "1012345678"},
    "goldstein": -5.5,
    "attributes": {"apps": 59},
    "earliest": "2020-06-29",
    "latest": "2020-06-29",
    "precision": "day",
    "approximate": False,
    "uncertain": False,
    "pairs": ["CHN-IND"],
    "revision": 1,
    "status": "current",
    "accepted_at": "2026-02-13T08:30:00.123456Z",
    "recorded_at": "2026-02-13T08:30:00.125000Z",
    "revised_at": "2026-02-13T08:30:00.125000Z",
    "position": "3:17",
}
PAGE: Final = {"pair": "CHN-IND", "countries": _COUNTRIES, "items": [EVENT], "next": CURSOR}
LAST_PAGE: Final = {**PAGE, "items": [], "next": None, "as_of": "2025-07-01T00:00:00.000000Z", "count": 0}
FOUND: Final = {
    "items": [{**EVENT, "snippet": "India bans <mark>TikTok</mark> and dozens of other Chinese apps"}],
    "next": None,
    "count": 1,
}
PAIRS: Final = {
    "items": [
        {"pair": "CHN-IND", "countries": _COUNTRIES, "count": 1, "first": "2020-06-29", "last": "2020-06-29"},
    ],
    "next": None,
}
TAGS: Final = {"items": [{"name": "apps", "count": 1}], "next": None}
ACTORS: Final = {"items": [{"name": "TikTok", "count": 1}], "next": None}
PUBLISHERS: Final = {"items": [{"name": "BBC News", "count": 1}], "next": None}
PARTNERS: Final = {"items": [{"code": "CHN", "name": "China", "pair": "CHN-IND", "count": 1}]}
SUMMARY: Final = {
    "pair": "CHN-IND",
    "years": [{"year": 2020, "cooperative": 0, "neutral": 0, "conflictual": 1, "none": 0}],
    "types": [{"type": "ban", "count": 1}],
    "domains": [{"domain": "technology", "count": 1}],
    "mean_goldstein": -5.5,
    "first": "2020-06-29",
    "last": "2020-06-29",
    "note": "An event counts in the year of its earliest possible day, however imprecise its date is; year is null "
    "where the beginning is open or unknown.",
}
_REVISION: Final = {
    "revision": 1,
    "action": "recorded",
    "recorded_at": EVENT["recorded_at"],
    "principal": "anonymous",
    "reason": None,
    "position": "3:17",
    "event": EVENT,
    "changes": [],
}
_CORRECTED: Final = {
    **EVENT,
    "when": "2020-06-28",
    "earliest": "2020-06-28",
    "latest": "2020-06-28",
    "revision": 2,
    "revised_at": "2026-02-14T09:00:00.000000Z",
    "position": "3:18",
}
REVISIONS: Final = {
    "id": EVENT_ID,
    "items": [
        _REVISION,
        {
            "revision": 2,
            "action": "corrected",
            "recorded_at": _CORRECTED["revised_at"],
            "principal": "anonymous",
            "reason": "the ban was announced a day earlier",
            "position": "3:18",
            "event": _CORRECTED,
            "changes": [{"pointer": "/when", "before": "2020-06-29", "after": "2020-06-28"}],
        },
    ],
}
CHANGES: Final[Any] = {
    "pair": "CHN-IND",
    "since": EVENT["recorded_at"],
    "until": "0:3,3:18",
    "items": [
        {
            "change": "changed",
            "event": _CORRECTED,
            "before": EVENT,
            "revisions": [
                {
                    "revision": 2,
                    "action": "corrected",
                    "recorded_at": _CORRECTED["revised_at"],
                    "principal": "anonymous",
                    "reason": "the ban was announced a day earlier",
                    "position": "3:18",
                }
            ],
            "changes": [{"pointer": "/when", "before": "2020-06-29", "after": "2020-06-28"}],
        }
    ],
    "next": None,
}
_RECORD: Final = {"position": "3:17", "outcome": "applied", "event_id": EVENT_ID, "recorded_at": EVENT["recorded_at"]}
APPLIED: Final = {**_RECORD, "revision": 1}
DUPLICATE: Final = {**_RECORD, "position": "3:19", "outcome": "duplicate", "duplicate_of": "3:17"}
REJECTED: Final = {
    **_RECORD,
    "position": "3:20",
    "outcome": "rejected",
    "problem": "stale-revision",
    "revision": 2,
}
RECORDS: Final = {
    "items": [{**REJECTED, "principal": "anonymous"}, {**DUPLICATE, "principal": "anonymous"}],
    "next": CURSOR,
}
_LOAD: Final = {
    "name": "gdelt-2026-02-13",
    "first_at": "2026-02-13T08:30:00.125000Z",
    "last_at": "2026-02-13T08:31:10.000000Z",
    "records": 21,
    "outcomes": {"applied": 18, "duplicate": 1, "rejected": 2, "parked": 0},
}
BATCHES: Final = {"items": [_LOAD], "next": CURSOR}
BATCH: Final = {
    **_LOAD,
    "problems": {"conflict": 2},
    "partitions": [{"partition": 0, "first": 4, "last": 12}, {"partition": 3, "first": 0, "last": 16}],
}
PARKED: Final = {
    "items": [
        {
            "position": "3:21",
            "event_id": EVENT_ID,
            "reason": "unknown-version",
            "detail": "dyadline.event.recorded.v9 is unknown to this code",
            "recorded_at": "2026-02-15T08:00:00.000000Z",
            "code_version": "0.1.0",
            "redriving": False,
            "key": "ODBkNWQxMGE=",
            "value": "e30=",
            "headers": [["content-type", "YXBwbGljYXRpb24vanNvbg=="]],
        }
    ],
    "next": None,
}
_DIGEST: Final = "9f2c6c7b1c1a43d6d8a3d5b5a5e2bb7d2a5a2f0f0c5d1c6f0e7f8a9b0c1d2e3f"
WAITING: Final[dict[str, Any]] = {
    "id": REPLAY_ID,
    "kind": "verify",
    "state": "queued",
    "requested_at": "2026-02-16T10:00:00.000000Z",
    "started_at": None,
    "finished_at": None,
    "progress": Progress("waiting for a replayer").view(),
}
CANCELLED: Final = {**WAITING, "state": "cancelled", "finished_at": "2026-02-16T10:00:01.000000Z"}
VERIFIED: Final[dict[str, Any]] = {
    **WAITING,
    "state": "succeeded",
    "started_at": "2026-02-16T10:00:00.100000Z",
    "finished_at": "2026-02-16T10:00:01.200000Z",
    "progress": Progress("comparing", 18.0, 0.0, {0: PartitionProgress(18, 18, 9000)}).view(),
    "result": {
        "equal": False,
        "digest": _DIGEST,
        "rows": 16,
        "tables": [{"table": "revisions", "rows": 16, "digest": _DIGEST, "differences": 1}],
        "differences": [
            {
                "table": "revisions",
                "key": f"{EVENT_ID} 1",
                "field": "reason",
                "live": "because",
                "log": None,
                "position": "0:17",
            }
        ],
        "explained": {
            "parked": 0,
            "rejected": 1,
            "duplicate": 1,
            "records": [{"position": "0:16", "outcome": "rejected", "problem": "stale-revision"}],
        },
        "next_offsets": {"0": 18},
        "seconds": 1.1,
        "code_version": "0.1.0",
    },
}
_SHORT: Final = {name: value for name, value in VERIFIED["result"].items() if name != "differences"}
REPLAYS: Final = {"items": [{**VERIFIED, "result": _SHORT}], "next": CURSOR}
REPLAY_REQUESTS: Final[dict[str, Any]] = {
    "verify": {"kind": "verify"},
    "rebuild": {"kind": "rebuild"},
    "until_an_instant": {"kind": "rebuild", "until": {"recorded_at": "2025-07-01T00:00:00Z"}},
    "until_offsets": {"kind": "rebuild", "until": {"next_offsets": {"0": 0, "1": 0, "2": 0}}},
}
GENERATIONS: Final = {
    "items": [
        {"n": 1, "live": True, "created_at": "2026-02-13T08:00:00.000000Z", "code_version": "0.1.0"},
        {
            "n": 2,
            "live": False,
            "until": {"next_offsets": {"0": 12}},
            "created_at": "2026-02-16T10:00:00.000000Z",
            "code_version": "0.1.0",
        },
    ]
}
STATUS: Final = {
    "topic": "dyadline.events.v1",
    "generation": 1,
    "lag": 0,
    "lag_seconds": 0.0,
    "partitions": [
        {
            "partition": 0,
            "log_start": 0,
            "log_end": 18,
            "next_offset": 18,
            "lag": 0,
            "owner": "host/4711",
            "gone_since": None,
            "stopped": None,
        }
    ],
    "records": {"total": 18, "applied": 16, "duplicate": 1, "rejected": 1, "parked": 0},
    "last_verification": {
        "id": REPLAY_ID,
        "equal": False,
        "digest": _DIGEST,
        "finished_at": VERIFIED["finished_at"],
    },
    "replayers": ["host/4712"],
    "replicas": [{"name": "replica.example:5432/dyadline", "why_not": None, "lag": 0, "lag_seconds": 0.0}],
}
_HEADERS: Final = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
LOG_EXPORT: Final = (
    write_header(ExportHeader("dyadline.events.v1", 12, 3, 17, 19))
    + write_record(RawRecord(3, 17, 1_770_971_400_125, EVENT_ID.encode(), b"{}", _HEADERS), "LogAppendTime")
    + write_gap(Gap(3, 18, 19))
    + write_end(End(3, 1, 19))
).decode()
COUNTRIES: Final = {"items": _COUNTRIES}
TYPES: Final = {"items": [kind._asdict() for kind in EVENT_TYPES]}
_TOLD: Final = json.dumps({"position": "3:17", "action": "recorded", "revision": 1, "event": EVENT})
LIVE: Final = f"retry: 1000\n\nid: 0:3,3:17\nevent: applied\ndata: {_TOLD}\n\n"
PROGRESS: Final = (
    f"retry: 1000\n\n: alive\n\nevent: progress\ndata: {json.dumps(WAITING)}\n\n"
    f"event: done\ndata: {json.dumps(VERIFIED)}\n\n"
)
METRICS: Final = (
    '# TYPE dyadline_projected_records gauge\ndyadline_projected_records{outcome="applied",partition="0"} 16.0\n'
)


def written(form: str) -> str:
    """The event in a format of FORMATS."""
    base = "http://127.0.0.1:8002"
    document = FormatContext(
        "China – India",
        f"{base}/v1/timelines/CHN-IND.{form}",
        base,
        updated=EVENT["revised_at"],
        page_url=f"{base}/timelines/CHN-IND",
    )
    writer = FORMATS[form]
    return (writer.begin(document) + writer.write(document, [EVENT], first=True) + writer.end(document)).decode()


def written_changes(form: str) -> str:
    """The changes in a format of CHANGES_FORMATS."""
    writer = CHANGES_FORMATS[form]
    return (writer.begin() + writer.write(CHANGES["items"])).decode()
