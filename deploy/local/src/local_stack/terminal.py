"""What the person at the terminal reads. A terminal that has gone away stops nothing half-way."""

import os
import sys
from typing import Final

_COLOURS: Final = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36}


class Terminal:
    """Standard output, in colour where it is a terminal."""

    def __init__(self) -> None:
        self.gone = False
        self._coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def say(self, text: str) -> None:
        """Print lines. Once nobody can read them any more they are dropped, and `gone` says so."""
        if self.gone:
            return
        try:
            print(text, flush=True)
        except OSError:
            self.gone = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def colour(self, text: str, name: str) -> str:
        """The text in a colour, if there are any."""
        return f"\x1b[{_COLOURS[name]}m{text}\x1b[0m" if self._coloured else text


def printable(line: str) -> str:
    """A line of a log without what would move the cursor or change the terminal."""
    return "".join(letter if letter.isprintable() or letter == "\t" else "\N{REPLACEMENT CHARACTER}" for letter in line)
