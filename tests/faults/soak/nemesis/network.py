"""Connections to the engines that are cut, refused, slow, half closed, or swallow what is sent."""

from collections.abc import AsyncIterator, Callable, Sequence
from random import Random
from typing import Final

from tests.faults.soak.arena.arena import Arena
from tests.faults.soak.arena.proxy import Proxy
from tests.faults.soak.nemesis.faults import Fault, fault

Act = Callable[[Proxy, Random], None]


def _cut(proxy: Proxy, random: Random) -> None:
    del random
    proxy.cut()


def _refuse(proxy: Proxy, random: Random) -> None:
    del random
    proxy.refuse()
    proxy.cut()


def _delay(proxy: Proxy, random: Random) -> None:
    proxy.delay = random.choice((0.05, 0.3, 1.5))


def _throttle(proxy: Proxy, random: Random) -> None:
    proxy.rate = random.choice((20_000, 200_000))


def _half_close(proxy: Proxy, random: Random) -> None:
    del random
    proxy.half_close()


def _stall_up(proxy: Proxy, random: Random) -> None:
    del random
    proxy.stall("up")


def _stall_down(proxy: Proxy, random: Random) -> None:
    del random
    proxy.stall("down")


def _blackhole(proxy: Proxy, random: Random) -> None:
    del random
    proxy.stall("up", "down")


_ACTS: Final[dict[str, Act]] = {
    "cut": _cut,
    "refuse": _refuse,
    "delay": _delay,
    "throttle": _throttle,
    "half-close": _half_close,
    "stall what is sent to": _stall_up,
    "stall what comes from": _stall_down,
    "blackhole": _blackhole,
}


def disturbing(words: str, act: Act, engine: str) -> Fault:
    """The network before an engine is disturbed for a while; then it is as it was, or all of it is cut first."""

    @fault(f"{words} {engine}")
    async def disturb(arena: Arena, random: Random) -> AsyncIterator[None]:
        proxies = proxies_of(arena, engine)
        for proxy in proxies:
            act(proxy, random)
        try:
            yield
        finally:
            lost = random.random() < 0.5
            for proxy in proxies:
                if lost:
                    proxy.cut()
                await proxy.heal()

    return disturb


def proxies_of(arena: Arena, engine: str) -> Sequence[Proxy]:
    """What stands before an engine."""
    return arena.kafka_proxies if engine == "kafka" else [arena.postgres_proxy]


FAULTS: Final = tuple(
    disturbing(words, act, engine) for engine in ("kafka", "postgres") for words, act in _ACTS.items()
)
