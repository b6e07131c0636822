"""Lists of alternatives with weights, as `Accept-Encoding` and `Accept-Language` carry them (RFC 9110, 12.4.2)."""

import re
from typing import Final

_QUALITY: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def parse_accept(header: str) -> dict[str, float]:
    """Each alternative, in lower case, with its weight from 0 (not acceptable) to 1, in the order of the header.

    Of an alternative that is named twice the first is taken; a weight that is none counts as 0.
    """
    qualities: dict[str, float] = {}
    for member in header.split(","):
        name, *parameters = (part.strip(" \t") for part in member.split(";"))
        if name:
            qualities.setdefault(name.lower(), _quality(parameters))
    return qualities


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.lower() == "q":
            return float(value) if _QUALITY.fullmatch(value) else 0.0
    return 1.0
