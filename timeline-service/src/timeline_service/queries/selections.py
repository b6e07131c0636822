"""Filters: names and values as they are written, and the selection that they mean."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from event_schemas.countries import CountryError, country_code, parse_pair
from event_schemas.dates import DateFormatError, parse_when
from event_schemas.taxonomy import DOMAINS, STAGES, TYPES, VALENCES, nearest_types
from event_schemas.texts import BATCH_WORDS, is_batch, normalised
from timeline_service.domain.selections import Selection, Span
from timeline_service.domain.text_folding import fold_name
from timeline_service.domain.word_queries import WordQuery, WordQueryError, either, read_word_query
from timeline_service.errors import RefusedError
from timeline_service.judge.days import OPEN_END, OPEN_START
from timeline_service.judge.entries import stored_bounds

_MAX_ALTERNATIVES: Final = 100


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
        actor=_each(asked, "actor", lambda name, text: fold_name(_text(name, text))),
        publisher=_each(asked, "publisher", lambda name, text: fold_name(_text(name, text))),
        initiator=_each(asked, "initiator", read_country),
        code=_each(asked, "code", _code),
        batch=_each(asked, "batch", read_batch),
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


def read_pair(name: str, text: str) -> str:
    """A pair's canonical name; raises RefusedError."""
    try:
        return parse_pair(text)
    except CountryError as error:
        raise RefusedError(f"/{name}", str(error), error.candidates) from error


def read_batch(name: str, text: str) -> str:
    """The name of a load; raises RefusedError."""
    if not is_batch(text):
        raise RefusedError(f"/{name}", f"{text[:80]!r} names no load: write {BATCH_WORDS}")
    return text


def _each(asked: Mapping[str, Any], name: str, read: Callable[[str, str], str]) -> tuple[str, ...]:
    texts = asked.get(name) or []
    if len(texts) > _MAX_ALTERNATIVES:
        raise RefusedError(f"/{name}", f"is given {len(texts)} times: at most {_MAX_ALTERNATIVES} are taken")
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
