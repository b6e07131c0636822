"""How far a replay is, in words: for the terminal and for the page."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

_UNITS: Final = ("kB", "MB", "GB", "TB")


def progress_words(progress: Mapping[str, Any]) -> Iterator[str]:
    """The figures of a progress as it is shown, those that there are."""
    if progress["total"]:
        yield f"{100 * progress['records'] // progress['total']} %"
        yield f"{progress['records']:,} of {progress['total']:,} records"
    if progress["bytes"]:
        whole = f" of {say_bytes(progress['bytes_total'])}" if progress["bytes_total"] else ""
        yield f"{say_bytes(progress['bytes'])}{whole}"
    if progress["rate"] is not None:
        yield f"{progress['rate']:,.0f} a second"
    if progress["seconds_left"] is not None:
        yield f"{say_seconds(progress['seconds_left'])} left"


def say_seconds(seconds: float) -> str:
    """A time that something takes, as exactly as anybody wants to know."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def say_bytes(size: float) -> str:
    """A size in decimal units."""
    if size < 1000:
        return f"{size:.0f} bytes"
    power = min(len(_UNITS), int(math.log10(size)) // 3)
    return f"{size / 1000**power:.1f} {_UNITS[power - 1]}"
