"""The filters of timelines and search: parameters as they are written, and the selection that they mean."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query
from pydantic import Field

from event_schemas.countries import CountryError, country_code
from event_schemas.dates import DateFormatError, parse_when
from event_schemas.records import format_time
from event_schemas.taxonomy import DOMAINS, STAGES, TYPES, VALENCES, nearest_types
from event_schemas.texts import normalised
from service_edge.parameters import TRUE_OR_FALSE, WHOLE
from timeline_service.domain.folding import fold_whole
from timeline_service.domain.selections import Selection, Span
from timeline_service.domain.word_queries import WordQuery, WordQueryError, either, read_word_query
from timeline_service.errors import RefusedError
from timeline_service.judge.days import OPEN_END, OPEN_START
from timeline_service.judge.entries import stored_bounds
from timeline_service.queries.moments import AsOf, GenerationNumber, read_instant

Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many items on a page."), WHOLE]
CursorText = Annotated[str | None, Query(description="`next` of the page before.")]
Count = Annotated[bool, Query(description="Also the exact number of events on all pages."), TRUE_OR_FALSE]
_EDTF: Final = ["2020", "2025-06", "2026-02-13"]
_MOST_ALTERNATIVES: Final = 100


def _listed(values: Iterable[str], description: str, example: str) -> Any:
    schema: dict[str, Any] = {"items": {"type": "string", "enum": list(values)}}
    return Query(description=description, json_schema_extra=schema, examples=[[example]])


Strings = list[str] | None


async def _filters(
    from_: Annotated[str | None, Query(alias="from", description="EDTF; its first day.", examples=_EDTF)] = None,
    to: Annotated[str | None, Query(description="EDTF; its last day.", examples=_EDTF)] = None,
    match: Annotated[Literal["overlaps", "within"], Query(description="`within`: certainly inside.")] = "overlaps",
    type_: Annotated[Strings, Query(alias="type", description="Types, of /v1/types.", examples=[["ban"]])] = None,
    valence: Annotated[Strings, _listed(VALENCES, "Valences.", "conflictual")] = None,
    domain: Annotated[Strings, _listed(DOMAINS, "Domains.", "technology")] = None,
    stage: Annotated[Strings, _listed(STAGES, "Stages.", "in_force")] = None,
    tag: Annotated[Strings, Query(description="Tags.", examples=[["apps"]])] = None,
    actor: Annotated[Strings, Query(description="Whole names, in any case.", examples=[["TikTok"]])] = None,
    initiator: Annotated[Strings, Query(description="Countries that acted.", examples=[["IND"]])] = None,
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
        "initiator": initiator,
        "q": q,
        "min_sources": min(min_sources or [0]) or None,
        "include": include,
        "as_of": format_time(read_instant(as_of)) if as_of is not None else None,
        "generation": generation,
    }


Filters = Annotated[dict[str, Any], Depends(_filters)]


def read_selection(asked: Mapping[str, Any], pair: str | None = None) -> Selection:
    """The selection that filters mean; raises RefusedError, which names the parameter and what was expected."""
    return Selection(
        pair=pair,
        country=_each(asked, "country", read_country),
        span=_span(asked),
        type=_each(asked, "type", _type),
        valence=_each(asked, "valence", lambda name, text: _one_of(name, text, VALENCES)),
        domain=_each(asked, "domain", lambda name, text: _one_of(name, text, DOMAINS)),
        stage=_each(asked, "stage", lambda name, text: _one_of(name, text, STAGES)),
        tag=_each(asked, "tag", _text),
        actor=_each(asked, "actor", lambda name, text: fold_whole(_text(name, text))),
        initiator=_each(asked, "initiator", read_country),
        code=_each(asked, "code", _code),
        words=_words(asked.get("q")),
        min_sources=asked.get("min_sources") or 0,
        retracted=asked.get("include") == "retracted",
    )


def read_country(name: str, text: str) -> str:
    """A country by code or name; raises RefusedError."""
    try:
        return country_code(text)
    except CountryError as error:
        raise RefusedError(f"/{name}", str(error), error.candidates) from error


def _each(asked: Mapping[str, Any], name: str, read: Callable[[str, str], str]) -> tuple[str, ...]:
    texts = asked.get(name) or []
    if len(texts) > _MOST_ALTERNATIVES:
        raise RefusedError(f"/{name}", f"is given {len(texts)} times: at most {_MOST_ALTERNATIVES} are taken")
    return tuple(dict.fromkeys(read(name, text) for text in texts))


def _type(name: str, text: str) -> str:
    if text in TYPES:
        return text
    near = nearest_types(text)
    words = f"did you mean {', '.join(near)}?" if near else f"the types are {', '.join(TYPES)}"
    raise RefusedError(f"/{name}", f"{text[:80]!r} is not a type: {words}", near)


def _one_of(name: str, text: str, allowed: Iterable[str]) -> str:
    if text not in allowed:
        raise RefusedError(f"/{name}", f"{text[:80]!r} is not one of {', '.join(allowed)}")
    return text


def _text(name: str, text: str) -> str:
    if not text.strip() or "\0" in text:
        raise RefusedError(f"/{name}", "is empty or holds NUL: write what the events say, or leave it out")
    return normalised(text)


def _code(name: str, text: str) -> str:
    scheme, colon, code = text.partition(":")
    if not (scheme and colon and code) or "\0" in text:
        raise RefusedError(f"/{name}", f"{text[:80]!r} is not scheme:code: write one such as gdelt:1012345678")
    return normalised(text)


def _words(texts: Sequence[str] | None) -> WordQuery | None:
    if any("\0" in text for text in texts or ()):
        raise RefusedError("/q", "holds NUL: write words with spaces between them")
    try:
        return either([read_word_query(text) for text in texts]) if texts else None
    except WordQueryError as error:
        raise RefusedError("/q", str(error)) from error


def _span(asked: Mapping[str, Any]) -> Span:
    bounds: dict[str, date] = {"from": OPEN_START, "to": OPEN_END}
    for name in bounds:
        if (text := asked.get(name)) is not None:
            try:
                when = parse_when(text)
            except DateFormatError as error:
                raise RefusedError(f"/{name}", str(error)) from error
            bounds[name] = stored_bounds(when)[0 if name == "from" else 1]
    if bounds["from"] > bounds["to"]:
        raise RefusedError("/to", f"{asked['to']} ends before {asked['from']} begins: give the later date as to")
    return Span(bounds["from"], bounds["to"], asked.get("match") == "within")
