"""`/v1/countries` and `/v1/types`: what may be written."""

from fastapi import APIRouter, Request, Response

from event_schemas.taxonomy import EVENT_TYPES
from timeline_service.api.languages import Language, language_headers
from timeline_service.api.operations import COUNTRIES, TAXONOMY
from timeline_service.api.read_points import CurrentReadPoint
from timeline_service.api.responses import answer
from timeline_service.domain.country_names import names_in
from timeline_service.queries.views.countries import country_view

router = APIRouter(tags=["reference"])


@router.get("/v1/countries", summary="The countries that may be written", responses=COUNTRIES)
async def countries(request: Request, point: CurrentReadPoint, language: Language) -> Response:
    """Codes (ISO 3166-1 alpha-3, withdrawn states, XKX, EUE) and names, in the language that is asked for."""
    names = names_in(language)
    items = [country_view(code, names) for code in names]
    return answer(request, point, {"items": items}, headers=language_headers(language))


@router.get("/v1/types", summary="The types that an event may have", responses=TAXONOMY)
async def types(request: Request, point: CurrentReadPoint) -> Response:
    """The taxonomy: each type with what it means, its usual valence, and its codes in CAMEO and PLOVER."""
    return answer(request, point, {"items": [kind._asdict() for kind in EVENT_TYPES]})
