"""`/v1/countries` and `/v1/types`: what may be written, and a country's partners."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from event_schemas.countries import CountryError, all_countries, country_code
from event_schemas.taxonomy import TYPES
from timeline_service.adapters.postgres_reader import PairSelection
from timeline_service.api.reading import At, Reader, Then, answer
from timeline_service.domain.views import country_view
from timeline_service.errors import UnknownError

router = APIRouter(tags=["reference"])
_MOST: Final = 1000  # there are not so many countries


@router.get("/v1/countries", summary="The countries that may be written")
async def countries(request: Request, moment: At) -> Response:
    """Codes (ISO 3166-1 alpha-3, withdrawn states, XKX, EUE) and English names."""
    return answer(request, moment, {"items": [{"code": code, "name": name} for code, name in all_countries()]})


@router.get("/v1/countries/{country}/partners", summary="A country's pairs by count")
async def partners(
    request: Request,
    reader: Reader,
    moment: Then,
    country: Annotated[str, Path(description="A country by code or name.", examples=["IND"])],
) -> Response:
    """The countries with which a country has events, largest number first."""
    try:
        code = country_code(country)
    except CountryError as error:
        raise UnknownError("unknown-country", str(error), error.candidates) from error
    items = []
    selection = PairSelection(code, by_count=True)
    if "as_of" in request.query_params:
        rows = await reader.pairs_at(moment, selection, _MOST)
    else:
        moment, rows = await reader.pairs_now(selection, _MOST)
    for row in rows:
        (partner,) = (item for item in row["pair"].split("-") if item != code)
        items.append(country_view(partner) | {"pair": row["pair"], "count": row["count"]})
    return answer(request, moment, {"items": items})


@router.get("/v1/types", summary="The types that an event may have")
async def types(request: Request, moment: At) -> Response:
    """The taxonomy's codes, each with the valence that it has unless an event says otherwise."""
    return answer(request, moment, {"items": [{"code": code, "valence": valence} for code, valence in TYPES.items()]})
