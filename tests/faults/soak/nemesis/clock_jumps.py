"""Clocks that differ, and jump: of a broker, which dates the records, of the database, of the product's processes."""

from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Final

from tests.faults.soak.arena.arena import Arena
from tests.faults.soak.nemesis.faults import Fault, fault


def _lacks_clocks(arena: Arena) -> str:
    return arena.clocks.missing


def shifting(words: str, engine: str, steps: Sequence[float]) -> Fault:
    """The clocks of some processes jump by one of these many seconds, and in the end back."""

    @fault(words, lacks=_lacks_clocks)
    async def shift(arena: Arena, random: Random) -> AsyncIterator[None]:
        names = {
            "kafka": arena.kafka_names,
            "postgres": [arena.primary],
            "services": random.sample(arena.service_names, 3),
        }[engine]
        with arena.excusing(*(name for name in names if name in arena.engine_names)):
            for name in names:
                arena.clocks.set(name, random.choice(steps) * random.uniform(0.5, 1))
            try:
                yield
            finally:
                for name in names:
                    arena.clocks.set(name, 0)

    return shift


#: Never far ahead: what was once recorded so late holds up the time of all that follows in its partition.
FAULTS: Final = (
    shifting("step back the clock of kafka", "kafka", (-2, -60, -3_600)),
    shifting("step on the clock of kafka", "kafka", (0.5, 2, 5)),
    shifting("shift the clock of postgres", "postgres", (-3_600, -5, 5, 3_600)),
    shifting("shift the clocks of services", "services", (-3_600, -5, 5, 3_600)),
)
