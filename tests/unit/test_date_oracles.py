"""Our dates held against two independent readers of EDTF, `edtf` and `undate`, with what is known to be wrong in them.

A defect is named with texts that show it; each is asserted to differ still, so that the table cannot rot.
"""

import random
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any, Final

import pytest

from event_schemas.dates import DateFormatError, parse_when

with warnings.catch_warnings():  # what these libraries warn of when they are imported is not ours to mend
    warnings.simplefilter("ignore")
    from edtf import parse_edtf
    from edtf.parser.edtf_exceptions import EDTFParseException
    from lark.exceptions import LarkError

    undate_library: Any = import_module("undate")  # it has no types

Bounds = tuple[str | None, str | None] | None  # None: refused


@dataclass(frozen=True)
class Defect:
    """What a reader gets wrong: in which texts, with some that show it."""

    pattern: str
    shown_by: list[str]


NOTHING_KNOWN: Final = Defect("XXXX", ["XXXX"])  # the bounds would be no dates of ours
DEFECTS_OF_EDTF: Final = {
    "makes an unknown end ten years long": Defect("/.+|.+/", ["2020/", "/2020", "1999-06-30/", "/1945-05"]),
    "ends the winter in December": Defect("(.*/)?....-24", ["2020-24", "2023-24", "0999-24", "2020-21/2021-24"]),
    "takes a 29 February of any year": Defect("....-02-29", ["2025-02-29", "1900-02-29"]),
    "takes an interval that ends before it starts": Defect(
        "2020.*/20(19|20).*", ["2020/2019", "2020-06-29/2020-06-28"]
    ),
    "has no qualified seasons and quarters": Defect(
        "(.*/)?....-(2[1-4]|3[3-6])[?~%](/.*)?", ["2020-21~", "1812-23?", "2020-33%", "../2020-36~"]
    ),
    "breaks on unspecified digits in most intervals": Defect(
        ".*X.*/.*|.*/.*X.*", ["2020-XX/2021", "201X~/2030", "201X/2030?", "../201X", "201X/2030-33"]
    ),
    "takes what says nothing": NOTHING_KNOWN,
}
DEFECTS_OF_UNDATE: Final = {
    "has no seasons": Defect(".*-2[1-4].*", ["2020-21", "2020-22", "2020-23", "2020-24", "2020-21/2021", "2020-22~"]),
    "has no quarters": Defect(".*-3[3-6].*", ["2020-33", "2020-34", "2020-35", "2020-36"]),
    "refuses most ends that lie within the start": Defect(
        r"(..)XX.*/\1.*|(...)X.*/\2.*|(....(-..)?).?/\3.*", ["2020/2020", "2020-06/2020-06-15", "19XX/1910-05"]
    ),
    "takes digits without dashes for a year": Defect("[0-9]{8}", ["20200629"]),
    "takes what says nothing": NOTHING_KNOWN,
}
WRITTEN: Final = [
    "0001", "9998", "1900-02", "2000-02", "2024-02-29", "201X/2020", "19XX/20XX", "2019/..", "../2020-06",
    "2019~/2021?", "20XX~", "2020-06-29%", "2020-13", "2020-00", "2022-00-00", "2020-06-31", "201x", "2020-6",
    "unknown",
]  # fmt: skip


def ours(text: str) -> Bounds:
    try:
        when = parse_when(text)
    except DateFormatError:
        return None
    return iso(when.earliest), iso(when.latest)


def edtf(text: str) -> Bounds:
    try:
        read: Any = parse_edtf(text)
        return iso(read.lower_strict()), iso(read.upper_strict())
    except (EDTFParseException, AttributeError, TypeError):  # the latter two are what it breaks with
        return None


def undate(text: str) -> Bounds:
    try:
        read: Any = undate_library.Undate.parse(text, "EDTF")
    except (LarkError, ValueError):
        return None
    first, last = (read.earliest, read.latest) if isinstance(read, undate_library.UndateInterval) else (read, read)
    return iso(first and first.earliest), iso(last and last.latest)


def iso(day: Any) -> str | None:
    if day is None or isinstance(day, float):  # edtf writes an open end as infinity
        return None
    return "{:04d}-{:02d}-{:02d}".format(*day[:3]) if isinstance(day, tuple) else str(day)


def generated() -> list[str]:
    """Dates of every form over all years, the same in every run, and some that nobody should take."""
    rng = random.Random(20260213)

    def single() -> str:
        day = str(date.fromordinal(rng.randint(date(100, 1, 1).toordinal(), date(9899, 12, 31).toordinal())))
        part = rng.choice(["21", "22", "23", "24", "33", "34", "35", "36"])
        year, month = day[:4], day[:7]
        forms = [day, month, year, f"{year}-XX", f"{month}-XX", f"{year}-{part}", f"{day[:3]}X", f"{day[:2]}XX"]
        return rng.choice(forms) + rng.choice(["", "", "", "?", "~", "%"])

    intervals = [f"{single()}/{single()}" for _ in range(250)]
    ends = [rng.choice(["{}/..", "../{}", "{}/", "/{}"]).format(single()) for _ in range(60)]
    return [*(single() for _ in range(250)), *filter(ours, intervals), *ends, *WRITTEN]


ORACLES: Final = [pytest.param(edtf, DEFECTS_OF_EDTF, id="edtf"), pytest.param(undate, DEFECTS_OF_UNDATE, id="undate")]


@pytest.mark.parametrize(("oracle", "defects"), ORACLES)
def test_our_bounds_are_those_of_the_other_readers(oracle: Callable[[str], Bounds], defects: dict[str, Defect]) -> None:
    spoilt = re.compile("|".join(f"(?:{defect.pattern})" for defect in defects.values()))
    texts = [text for text in generated() if not spoilt.fullmatch(text)]
    assert len(texts) > 250
    assert {text: oracle(text) for text in texts} == {text: ours(text) for text in texts}


@pytest.mark.parametrize(
    ("oracle", "defect"),
    [
        pytest.param(oracle, defect, id=f"{oracle.__name__} {name}")
        for oracle, defects in ((edtf, DEFECTS_OF_EDTF), (undate, DEFECTS_OF_UNDATE))
        for name, defect in defects.items()
    ],
)
def test_what_is_known_to_be_wrong_in_them_still_is(oracle: Callable[[str], Bounds], defect: Defect) -> None:
    for text in defect.shown_by:
        assert re.fullmatch(defect.pattern, text)
        assert oracle(text) != ours(text), f"{text}: mended, so take it off the table"
