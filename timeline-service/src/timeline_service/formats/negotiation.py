"""Which format an Accept header asks for (RFC 9110, 12.5.1)."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from timeline_service.errors import TimelineError
from timeline_service.formats import FORMATS

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
# A quotation without an end reaches to the end, so that no text is gone through twice.
_ITEM: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|\\?$))+', re.DOTALL)
_RANGE: Final = re.compile(rf"({_TOKEN})/({_TOKEN})")
_PARAMETER: Final = re.compile(rf"\s*;\s*(?:({_TOKEN})=({_TOKEN}|{_QUOTED}))?")
_QUALITY: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")

#: What can be asked for, in the order that decides where a header leaves the choice.
_OFFERS: Final[Mapping[str, str]] = {
    "json": "application/json",
    **{name: writer.accept_name for name, writer in FORMATS.items()},
}
#: Parameters that a range may have beside q, because the answer has them.
_PARAMETERS: Final[Mapping[str, Mapping[str, str]]] = {
    "csv": {"header": "present"},
    "ics": {"method": "publish", "component": "vevent"},
    "atom": {"type": "feed"},
}

#: Headers whose meaning is remembered: programs send the same ones again and again.
_MOST_REMEMBERED: Final = 256
_LONGEST_REMEMBERED: Final = 200

_NOT_TAKEN: Final = (0.0, 0)
_NAMED: Final = 3  # how exactly a range without parameters names its media type


class NotAcceptableError(TimelineError):
    """An Accept header takes nothing of what there is; the message lists that. HTTP status 406."""


@dataclass(frozen=True, slots=True)
class _Range:
    kind: str
    subkind: str
    parameters: Mapping[str, str]
    quality: float

    def specificity(self, media_type: str, parameters: Mapping[str, str]) -> int:
        """How exactly this range names a media type that has parameters; 0 where it does not."""
        kind, subkind = media_type.split("/")
        if self.kind == "*":
            return 1
        if self.kind != kind:
            return 0
        if self.subkind == "*":
            return 2
        has = {"charset": "utf-8", **parameters}
        if self.subkind != subkind or any(has.get(key) != value for key, value in self.parameters.items()):
            return 0
        return _NAMED + len(self.parameters)


def negotiate(accept: str | None, offered: Collection[str] = tuple(_OFFERS)) -> str:
    """The format that an Accept header likes best: "json" or a name of FORMATS, if offered; raises NotAcceptableError.

    Of formats that it likes equally, one that it names goes before one that a wildcard takes, then JSON before others.
    What is malformed in the header takes nothing.
    """
    if accept is None or not accept.strip():
        return "json"
    choose = _chosen if len(accept) <= _LONGEST_REMEMBERED else _chosen.__wrapped__
    return choose(accept, tuple(offered))


@lru_cache(_MOST_REMEMBERED)
def _chosen(accept: str, offered: tuple[str, ...]) -> str:
    ranges = _read_ranges(accept)
    best, best_rank = None, _NOT_TAKEN
    for name in offered:
        rank = _rank(ranges, _OFFERS[name], _PARAMETERS.get(name, {}))
        if rank > best_rank:
            best, best_rank = name, rank
    if best is None:
        there = ", ".join(f"{media_type} (.{name})" for name, media_type in _OFFERS.items() if name in offered)
        raise NotAcceptableError(f"Accept {accept[:200]!r} takes none of the formats that there are: {there}")
    return best


def prefers_page(accept: str) -> bool:
    """Whether an Accept header likes HTML better than every format: a browser's does, where a person follows a link."""
    return _likes_page(accept) if len(accept) <= _LONGEST_REMEMBERED else _likes_page.__wrapped__(accept)


@lru_cache(_MOST_REMEMBERED)
def _likes_page(accept: str) -> bool:
    ranges = _read_ranges(accept)
    others = (_rank(ranges, media_type, _PARAMETERS.get(name, {})) for name, media_type in _OFFERS.items())
    return _rank(ranges, "text/html", {}) > max(others)


def _rank(ranges: Sequence[_Range], media_type: str, parameters: Mapping[str, str]) -> tuple[float, int]:
    """How much a media type is liked, and whether it is named rather than taken by a wildcard."""
    # The most exact range decides, so that `text/csv;q=0, */*` is everything but CSV.
    found = ((each.specificity(media_type, parameters), each.quality) for each in ranges)
    specificity, quality = max(found, default=(0, 0.0))
    return (quality, min(specificity, _NAMED)) if specificity and quality else _NOT_TAKEN


def _read_ranges(accept: str) -> list[_Range]:
    return [found for item in _ITEM.findall(accept) if (found := _read_range(item)) is not None]


def _read_range(item: str) -> _Range | None:
    item = item.strip()
    found = _RANGE.match(item)
    if found is None or (found[1] == "*" and found[2] != "*"):
        return None
    parameters: dict[str, str] = {}
    quality, place = 1.0, found.end()
    while place < len(item):
        parameter = _PARAMETER.match(item, place)
        if parameter is None:
            return None
        place = parameter.end()
        if parameter[1] is None:
            continue
        key, value = parameter[1].lower(), _unquoted(parameter[2]).lower()
        if key == "q":
            if not _QUALITY.fullmatch(value):
                return None
            quality = float(value)
        else:
            parameters[key] = value
    return _Range(found[1].lower(), found[2].lower(), parameters, quality)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
