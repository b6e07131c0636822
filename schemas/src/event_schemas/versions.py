"""The versions of the log's records: which are written now, and the steps that bring older data up to them.

A released version is never changed. A new one gets the next number, a step from the one before it in UPCASTERS,
and its lines in `schemas/examples/corpus.ndjson`.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, Literal

from event_schemas.errors import MalformedRecordError, UnknownVersionError

Action = Literal["recorded", "corrected", "retracted"]
#: A pure step from the data of one version to that of the next, which is a new object. It has not been validated
#: yet: what a step does not understand it leaves for the reader of the current version to refuse.
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

#: The version of each kind of record that is written now. The second brings `batch`, an attribute of the CloudEvent: in
#: a record of the first that word means nothing.
CURRENT: Final[dict[Action, int]] = {"recorded": 2, "corrected": 2, "retracted": 2}
#: The step away from each older version, by the type's name, such as `dyadline.event.recorded.v1`.
UPCASTERS: Final[dict[str, Upcaster]] = {
    "dyadline.event.recorded.v1": lambda data: {"event": data},  # what else it may say stands beside the event now
    "dyadline.event.corrected.v1": dict,
    "dyadline.event.retracted.v1": dict,
}

_TYPE: Final = re.compile(r"(dyadline\.event\.[a-z]+)\.v([1-9][0-9]{0,8})")
_FAMILIES: Final[dict[str, Action]] = {f"dyadline.event.{action}": action for action in CURRENT}


def type_name(action: Action, version: int | None = None) -> str:
    """The CloudEvent type of a kind of record, in the current version unless another is named."""
    return f"dyadline.event.{action}.v{CURRENT[action] if version is None else version}"


@lru_cache(maxsize=256)
def read_type(name: str) -> tuple[Action, int]:
    """What a record of a type says, and its version; raises MalformedRecordError for a type that is not ours."""
    found = _TYPE.fullmatch(name)
    action = _FAMILIES.get(found[1]) if found is not None else None
    if found is None or action is None:
        raise MalformedRecordError(f"type {name[:80]!r} is not one of ours")
    return action, int(found[2])


def upcast(action: Action, version: int, data: Any) -> Any:
    """Data of a version as it is written now, one step after the other; raises UnknownVersionError."""
    current = CURRENT[action]
    if version == current:
        return data
    steps = [UPCASTERS.get(type_name(action, number)) for number in range(version, current)]
    known = [step for step in steps if step is not None]
    if version > current or len(known) < len(steps):
        raise UnknownVersionError(f"{type_name(action, version)} is a version that this code does not know")
    if not isinstance(data, dict):
        raise MalformedRecordError("data is not valid: /: expected an object")
    for step in known:
        data = step(data)
    return data
