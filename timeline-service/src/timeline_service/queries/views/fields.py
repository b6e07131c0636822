"""Fields of views: their types, each with what JSON Schema says of it beside that."""

from typing import Annotated, Any, Final

from event_schemas.dates import PRECISIONS
from event_schemas.taxonomy import DOMAINS, STAGES, TYPES, VALENCES
from event_schemas.texts import BATCH
from service_edge.openapi import PAIR, POSITION, POSITIONS, TIME, UUID

_PARKED: Final = ["unknown-version", "failed", "behind-parked"]
_REJECTED: Final = [
    "conflict", "stale-revision", "unknown-event", "already-retracted", "retracted", "no-change", "malformed",
]  # fmt: skip


class Schema:
    """Keywords of JSON Schema, which a type is annotated with. A type among their values stands for its schema."""

    def __init__(self, **keywords: Any) -> None:
        self.keywords = keywords


Count = Annotated[int, Schema(minimum=0)]
Number = Annotated[int, Schema(minimum=1)]
Seconds = Annotated[float, Schema(minimum=0)]
Code = Annotated[str, Schema(pattern="^[A-Z]{3}$")]
Pair = Annotated[str, Schema(**PAIR)]
Uuid = Annotated[str, Schema(**UUID)]
Time = Annotated[str, Schema(**TIME)]
Day = Annotated[str, Schema(format="date")]
Position = Annotated[str, Schema(**POSITION)]
Positions = Annotated[str, Schema(**POSITIONS)]
Batch = Annotated[str, Schema(pattern=f"^{BATCH}$", description="The name of a load.")]
Base64 = Annotated[str, Schema(contentEncoding="base64")]
Sha256 = Annotated[str, Schema(pattern="^[0-9a-f]{64}$")]
Cursor = Annotated[str, Schema(description="The cursor of the next page.")]
AsOf = Annotated[Time, Schema(description="The instant that was asked for.")]
Type = Annotated[str, Schema(enum=list(TYPES))]
Valence = Annotated[str, Schema(enum=list(VALENCES))]
Domain = Annotated[str, Schema(enum=list(DOMAINS))]
Stage = Annotated[str, Schema(enum=list(STAGES))]
Precision = Annotated[str, Schema(enum=list(PRECISIONS))]
Action = Annotated[str, Schema(enum=["recorded", "corrected", "retracted", "reinstated"])]
ParkedReason = Annotated[str, Schema(enum=_PARKED)]
Problem = Annotated[str, Schema(enum=[*_REJECTED, *_PARKED], description="Why it was rejected or parked.")]
Offsets = Annotated[
    dict[str, Count],
    Schema(
        description="Partitions, each with the offset before which it ends.",
        examples=[{"0": 12, "1": 7}],
    ),
]
Headers = list[list[str | None]]
