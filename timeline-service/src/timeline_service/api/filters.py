"""The parameters of reads of events: what is selected, and which page of it."""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Path, Query
from pydantic import Field

from event_schemas.records import format_time
from event_schemas.taxonomy import DOMAINS, STAGES, VALENCES
from event_schemas.texts import BATCH
from service_edge.parameters import TRUE_OR_FALSE, WHOLE
from timeline_service.api.read_points import AsOf, GenerationNumber
from timeline_service.queries.read_points import read_instant

PairPath = Annotated[
    str,
    Path(
        description="Two country codes in either order.",
        examples=["IN-CN"],
        json_schema_extra={"pattern": "^[A-Za-z]{2,3}-[A-Za-z]{2,3}$"},  # said, and refused in words of our own
    ),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many items on a page."), WHOLE]
CursorText = Annotated[str | None, Query(description="`next` of the page before.")]
Count = Annotated[bool, Query(description="Also the exact number of events on all pages."), TRUE_OR_FALSE]
_EDTF: Final = ["2020", "2025-06", "2026-02-13"]


def listed(values: Iterable[str], description: str, example: str) -> Any:
    """A parameter that is given any number of times, each time with one of these values."""
    schema: dict[str, Any] = {"items": {"type": "string", "enum": list(values)}}
    return Query(description=description, json_schema_extra=schema, examples=[[example]])


Strings = list[str] | None
Countries = Annotated[Strings, Query(description="Countries by code or name.", examples=[["IND"]])]
Codes = Annotated[Strings, Query(description="A source's own codes, as scheme:code.", examples=[["gdelt:1012345678"]])]


async def _filters(
    from_: Annotated[str | None, Query(alias="from", description="EDTF; its first day.", examples=_EDTF)] = None,
    to: Annotated[str | None, Query(description="EDTF; its last day.", examples=_EDTF)] = None,
    match: Annotated[Literal["overlaps", "within"], Query(description="`within`: certainly inside.")] = "overlaps",
    type_: Annotated[Strings, Query(alias="type", description="Types, of /v1/types.", examples=[["ban"]])] = None,
    valence: Annotated[Strings, listed(VALENCES, "Valences.", "conflictual")] = None,
    domain: Annotated[Strings, listed(DOMAINS, "Domains.", "technology")] = None,
    stage: Annotated[Strings, listed(STAGES, "Stages.", "in_force")] = None,
    tag: Annotated[Strings, Query(description="Tags.", examples=[["apps"]])] = None,
    actor: Annotated[Strings, Query(description="Whole names, in any case.", examples=[["TikTok"]])] = None,
    publisher: Annotated[
        Strings, Query(description="Whole names of sources' publishers, in any case.", examples=[["BBC News"]])
    ] = None,
    initiator: Annotated[Strings, Query(description="Countries that acted.", examples=[["IND"]])] = None,
    batch: Annotated[
        list[Annotated[str, Field(json_schema_extra={"pattern": f"^{BATCH}$"})]] | None,
        Query(description="Loads that brought what the events say now.", examples=[["gdelt-2026-02-13"]]),
    ] = None,
    q: Annotated[
        list[Annotated[str, Field(max_length=1000)]] | None,
        Query(description='Words, a "phrase", -excluded, or alternatives.', examples=[["tiktok ban"]]),
    ] = None,
    min_sources: Annotated[
        list[Annotated[int, Field(ge=0, le=50), WHOLE]] | None,
        Query(description="At least so many sources.", examples=[[2]]),
    ] = None,
    include: Annotated[Literal["retracted"] | None, Query(description="Retracted events too, marked.")] = None,
    as_of: AsOf = None,
    generation: GenerationNumber | None = None,
) -> dict[str, Any]:
    """The filters of a request as they are written: what a cursor carries. Repeated ones are alternatives.

    What a request says although it is the default is None, as if it had not said it.
    """
    return {
        "from": from_,
        "to": to,
        "match": match if match != "overlaps" else None,
        "type": type_,
        "valence": valence,
        "domain": domain,
        "stage": stage,
        "tag": tag,
        "actor": actor,
        "publisher": publisher,
        "initiator": initiator,
        "batch": batch,
        "q": q,
        "min_sources": min(min_sources or [0]) or None,
        "include": include,
        "as_of": format_time(read_instant(as_of)) if as_of is not None else None,
        "generation": generation,
    }


Filters = Annotated[dict[str, Any], Depends(_filters)]
