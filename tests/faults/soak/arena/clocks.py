"""Clocks of single processes, set wrong: a small library is loaded into each, which adds what a file says."""

import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_stack.commands import run_command

_SOURCE: Final = Path(__file__).with_name("clock_shift.c")


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of the processes of an arena. `missing` says why there are none; then all show the machine's time."""

    folder: Path
    missing: str = ""

    def environment(self, name: str) -> dict[str, str]:
        """What a process is told so that its clock can be set."""
        if self.missing:
            return {}
        self.set(name, 0)
        return {"LD_PRELOAD": str(self.folder / "clock_shift.so"), "CLOCK_SHIFT_FILE": str(self._file(name))}

    def set(self, name: str, seconds: float) -> None:
        """Let a process's clock be so far ahead of the machine's, or behind it, from now on."""
        file = self._file(name)
        with file.open("r+b" if file.exists() else "wb") as clock:  # in place: processes have it mapped
            clock.write(struct.pack("=q", round(seconds * 1_000_000)))

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.clock"


async def prepare_clocks(folder: Path) -> Clocks:
    """Compile the library, if there is a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return Clocks(folder, "there is no C compiler (cc) for the library that shifts clocks")
    library = folder / "clock_shift.so"
    await run_command(
        [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(_SOURCE), "-ldl"],
        "the clocks' library does not compile",
    )
    return Clocks(folder)
