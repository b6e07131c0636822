"""`/v1/countries` and `/v1/types`: what may be written, for whoever is refused here and knows no other address."""

from typing import Any

from fastapi import APIRouter

from event_schemas.countries import all_countries
from event_schemas.taxonomy import EVENT_TYPES
from ingest_service.api.operations import COUNTRIES, TAXONOMY

router = APIRouter(tags=["reference"])


@router.get("/v1/countries", summary="The countries that may be written", responses=COUNTRIES)
async def countries() -> dict[str, Any]:
    """Codes (ISO 3166-1 alpha-3, withdrawn states, XKX, EUE) and names; other languages at the timeline service."""
    return {"items": [{"code": code, "name": name} for code, name in all_countries()]}


@router.get("/v1/types", summary="The types that an event may have", responses=TAXONOMY)
async def types() -> dict[str, Any]:
    """The taxonomy: each type with what it means, its usual valence, and its codes in CAMEO and PLOVER."""
    return {"items": [kind._asdict() for kind in EVENT_TYPES]}
