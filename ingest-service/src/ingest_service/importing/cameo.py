"""CAMEO's event codes: what type and valence we give each, and how it reads in a title."""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from event_schemas.taxonomy import Valence


@dataclass(frozen=True, slots=True)
class CameoCode:
    """A code with CAMEO's own label; `says` is what the one who acted does to `{b}`."""

    label: str
    type: str
    valence: Valence
    says: str


#: Every code, root codes (two digits) among them.
CAMEO: Final[dict[str, CameoCode]] = {
    code: CameoCode(**meaning)
    for code, meaning in json.loads((files(__package__) / "cameo.json").read_text(encoding="utf-8")).items()
}


def family(code: str) -> str:
    """The root of a code, which those of one family share: `0253` → `02`."""
    return code[:2]
