"""Which role each operation of the ingest service needs."""

from typing import Final

from service_edge.access.needs import Table, table

NEEDS: Final[Table] = table(
    open_to_all=["GET /healthz", "GET /readyz", "GET /problems", "GET /problems/{slug}"],
    with_any=["GET /docs", "GET /openapi.json", "GET /v1/countries", "GET /v1/types"],
    write=[
        "POST /v1/events",
        "POST /v1/events/{event_id}/corrections",
        "POST /v1/events/{event_id}/retractions",
        "POST /v1/changes",
    ],
    operate=["GET /metrics"],
)
