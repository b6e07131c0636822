"""What a fault is: it strikes an arena for a while, and takes itself back."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from random import Random

from tests.faults.soak.arena.arena import Arena

Act = Callable[[Arena, Random], AbstractAsyncContextManager[None]]


def nothing_lacks(arena: Arena) -> str:
    """What a fault needs that every arena has."""
    del arena
    return ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault. To enter what `strike` makes is to inject it, to leave it is to heal it.

    `lacks` says why it cannot be carried out in an arena, or ''; `longest` is how many seconds it lasts at most;
    `alone` is one that no other fault may overlap.
    """

    name: str
    strike: Act
    lacks: Callable[[Arena], str] = nothing_lacks
    longest: float = 3_600
    alone: bool = False


def fault(
    name: str, *, lacks: Callable[[Arena], str] = nothing_lacks, longest: float = 3_600, alone: bool = False
) -> Callable[[Callable[[Arena, Random], AsyncIterator[None]]], Fault]:
    """Make a fault of a generator that injects, yields once, and heals."""

    def made(strike: Callable[[Arena, Random], AsyncIterator[None]]) -> Fault:
        return Fault(name, asynccontextmanager(strike), lacks, longest, alone)

    return made


def by_name(*faults: Fault) -> Mapping[str, Fault]:
    """Faults by their names."""
    return {each.name: each for each in faults}
