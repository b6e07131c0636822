"""The formats that events are written in, beside JSON."""

from collections.abc import Mapping
from typing import Final

from timeline_service.formats.atom import Atom
from timeline_service.formats.comma_separated import CommaSeparated
from timeline_service.formats.format import Format, FormatContext
from timeline_service.formats.icalendar import ICalendar
from timeline_service.formats.ndjson import Ndjson
from timeline_service.formats.timelinejs import TimelineJs

_ALL: Final[tuple[Format, ...]] = (CommaSeparated(), Ndjson(), ICalendar(), Atom(), TimelineJs())
#: Each format by its name, which is also the suffix behind the dot.
FORMATS: Final[Mapping[str, Format]] = {each.name: each for each in _ALL}

__all__ = ["FORMATS", "Format", "FormatContext"]
