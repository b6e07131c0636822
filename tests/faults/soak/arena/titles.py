"""How the nemesis's own events are known: nobody else posts any whose title begins so."""

from typing import Final

NEMESIS: Final = "nemesis: "
