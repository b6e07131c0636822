"""What the descriptions show: an event posted in each way, and what is answered. A test holds it to be true."""

import json
from typing import Final

from event_schemas.taxonomy import EVENT_TYPES
from ingest_service.api.problems import INVALID_EVENT

EVENT: Final = {
    "title": "India bans TikTok and dozens of other Chinese apps",
    "when": "2020-06-29",
    "countries": ["IN", "CN"],
    "initiators": ["IN"],
    "type": "ban",
    "sources": [{"url": "https://techcrunch.com/2020/06/29/india-bans-tiktok-dozens-of-other-chinese-apps/"}],
}
EVENT_ID: Final = "5c596594-e4c4-5260-b4d4-ebd98fe2fdb4"
NORMALISED: Final = {
    "id": EVENT_ID,
    **EVENT,
    "countries": ["CHN", "IND"],
    "initiators": ["IND"],
    "valence": "conflictual",
}
CLOUD_EVENT: Final = {
    "specversion": "1.0",
    "id": "7",
    "source": "https://example.org/feed",
    "type": "org.example.event",
    "data": EVENT,
}
_MISSPELT: Final = {**EVENT, "countries": ["Indai", "CN"]}
MANY: Final = [EVENT, _MISSPELT]
LINES: Final = "".join(json.dumps(event) + "\n" for event in MANY)
CORRECTION: Final = {
    "reason": "the ban was announced a day earlier",
    "event": {**EVENT, "when": "2020-06-28"},
    "expected_revision": 1,
}
RETRACTION: Final = {"reason": "the source withdrew its report", "expected_revision": 1}
_UNNAMED: Final = {"action": "retract", "reason": "the source withdrew its report"}
CHANGES: Final = "".join(
    json.dumps(line) + "\n"
    for line in (
        {"action": "correct", "id": EVENT_ID, **CORRECTION},
        {"action": "retract", "id": EVENT_ID, **RETRACTION},
        _UNNAMED,
    )
)

RECORDED: Final = {
    "id": EVENT_ID,
    "position": "3:17",
    "accepted_at": "2026-02-13T08:30:00.123456Z",
    "recorded_at": "2026-02-13T08:30:00.125000Z",
    "pairs": ["CHN-IND"],
}
CHANGE: Final = {"id": EVENT_ID, "position": "3:18", "recorded_at": "2026-02-13T08:31:00.125000Z"}
PROBLEM: Final = INVALID_EVENT.sample()
_NO_ID: Final = {
    **{name: value for name, value in PROBLEM.items() if name != "candidates"},
    "detail": "/id: is required",
    "errors": [{"pointer": "/id", "detail": "is required"}],
}
ALL_RECORDED: Final = {
    "results": [{"index": 0, "status": 201, "id": EVENT_ID, "position": "3:17"}],
    "timeline_position": "3:17",
}
SOME_REFUSED: Final = {
    "results": [*ALL_RECORDED["results"], {"index": 1, "status": 422, "problem": PROBLEM}],
    "timeline_position": "3:17",
}
CHECKED: Final = {
    "results": [
        {"index": 0, "status": 200, "event": NORMALISED},
        {"index": 1, "status": 422, "problem": PROBLEM},
    ]
}
LAST_LINE: Final = {"recorded": 1, "refused": 1, "unknown": 0, "timeline_position": "3:17"}
ANSWERED_LINES: Final = "".join(
    json.dumps(line) + "\n" for line in ({"line": 2, "status": 422, "problem": PROBLEM}, LAST_LINE)
)
ANSWERED_CHANGES: Final = "".join(
    json.dumps(line) + "\n"
    for line in (
        {"line": 3, "status": 422, "problem": _NO_ID},
        {**LAST_LINE, "recorded": 2},
    )
)
TYPES: Final = {"items": [kind._asdict() for kind in EVENT_TYPES]}
