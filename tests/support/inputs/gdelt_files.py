"""Rows as GDELT writes them, made by hand, and where its real files lie where they are at hand."""

from typing import Final

from tests.support.running.session_folder import ROOT

#: Real files beside the checkout, which the project does not hold: tests of them skip where there are none.
REAL_FILES: Final = sorted(
    path for folder in (ROOT / "../shared/data/gdelt", ROOT / "../../shared/data/gdelt") for path in folder.glob("*.*")
)


def gdelt_row(
    number: int,
    source: str = "CHN",
    target: str = "USA",
    code: str = "112",
    address: str = "https://news.example/a",
    *,
    day: str = "20180326",
    added: str = "20180326044500",
    goldstein: str = "-2.0",
    names: tuple[str, str] = ("", ""),
    roles: tuple[str, str] = ("", ""),
    columns: int = 61,
) -> str:
    """One row, without its end."""
    cells = [""] * columns
    cells[0], cells[1] = str(number), day
    cells[5], cells[6], cells[7] = source + roles[0], names[0], source
    cells[15], cells[16], cells[17] = target + roles[1], names[1], target
    cells[25:35] = ["1", code, code[:3], code[:2], "3", goldstein, "4", "1", "4", "-1.5"]
    if columns == 61:
        cells[59], cells[60] = added, address
    else:
        cells[56] = added[:8]
        cells[57:] = [address] if columns == 58 else []
    return "\t".join(cells)
