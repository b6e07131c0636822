"""Which role each operation of the timeline service needs, its pages included."""

from typing import Final

from service_edge.access.needs import Table, table
from service_edge.access.roles import Role
from timeline_service.formats import FORMATS
from timeline_service.formats.changes import CHANGES_FORMATS

NEEDS: Final[Table] = table(
    open_to_all=[
        "GET /healthz",
        "GET /readyz",
        "GET /problems",
        "GET /problems/{slug}",
        "GET /sign-in",
        "POST /sign-in",
        "POST /sign-out",
        "GET /static/{name}",
    ],
    with_any=["GET /docs", "GET /openapi.json"],
    read=[
        "GET /v1/timelines",
        "GET /v1/timelines/lookup",
        "GET /v1/timelines/{pair}",
        *(f"GET /v1/timelines/{{pair}}.{name}" for name in ("json", *FORMATS)),
        "GET /v1/timelines/{pair}/summary",
        "GET /v1/timelines/{pair}/live",
        "GET /v1/timelines/{pair}/changes",
        *(f"GET /v1/timelines/{{pair}}/changes.{name}" for name in ("json", *CHANGES_FORMATS)),
        "GET /v1/live",
        "GET /v1/events",
        "GET /v1/events/summary",
        *(f"GET /v1/events.{name}" for name in ("json", *FORMATS)),
        "GET /v1/events.{suffix}",
        "GET /v1/events/{event_id}",
        "GET /v1/events/{event_id}/revisions",
        "GET /v1/records",
        "GET /v1/records/{position}",
        "GET /v1/batches",
        "GET /v1/batches/{name}",
        "GET /v1/tags",
        "GET /v1/actors",
        "GET /v1/publishers",
        "GET /v1/countries",
        "GET /v1/countries/{country}/partners",
        "GET /v1/types",
        "GET /v1/status",
        "GET /v1/generations",
        "GET /",
        "GET /guide",
        "GET /search",
        "GET /timelines",
        "GET /timelines/{pair}",
        "GET /timelines/{pair}/changes",
        "GET /timelines/{pair}/changes/marks",
        "GET /timelines/{pair}/marks",
        "GET /embed/{pair}",
        "GET /events/{event_id}",
        "GET /recorded/{position}",
    ],
    write=[
        "GET /post",
        "POST /post",
        "GET /events/{event_id}/correct",
        "POST /events/{event_id}/correct",
        "GET /events/{event_id}/retract",
        "POST /events/{event_id}/retract",
    ],
    audit=[
        "GET /v1/parked",
        "GET /v1/replays",
        "GET /v1/replays/{replay_id}",
        "GET /v1/replays/{replay_id}/progress",
        "GET /v1/log/export",
        "GET /audit",
        "GET /audit/{replay_id}",
        "GET /audit/records",
    ],
    operate=[
        "GET /metrics",
        "POST /v1/parked/{position}/redrive",
        "DELETE /v1/replays/{replay_id}",
        "POST /v1/generations/{n}/activate",
        "DELETE /v1/generations/{n}",
        "POST /audit/{replay_id}/cancel",
        "POST /audit/records/{position}/redrive",
    ],
    mixed={  # by the kind of a replay, which stands in the body
        "POST /v1/replays": frozenset({Role.AUDIT, Role.OPERATE}),
        "POST /audit/replays": frozenset({Role.AUDIT, Role.OPERATE}),
    },
)
REPLAY_NEEDS: Final = {"verify": frozenset({Role.AUDIT}), "rebuild": frozenset({Role.OPERATE})}
