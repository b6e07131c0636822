"""`python -m tests.fuzzing.mutated_events --events N --seed S`: events with something odd in them, read in both ways.

What is read at a glance has to be what the models make of it, in every byte, or to be refused as they refuse it.
"""

import argparse
import sys
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any, Final

from tests.bench.event_supply import events
from tests.fuzzing.targets import check_alike

from event_schemas.countries import all_countries
from event_schemas.taxonomy import DOMAINS, STAGES, TYPES, VALENCES

_FIELDS: Final = (
    *("title", "when", "countries", "type", "initiators", "id", "summary", "valence", "domain", "stage", "actors"),
    *("sources", "tags", "codes", "goldstein", "attributes", "name", "country", "url", "publisher", "published"),
    *("pairs", "status", "recorded_at", "unheard"),
)
_SIGNS: Final = (
    *(" ", '"', "\\", "\n", "\t", "\0", "\x7f", "\x85", "\u00a0", "\u2028", "\u200d", "e\u0301", "é", "\u0301", "ß"),
    *("İ", "ﬁ", "😀", "\u202e", "Ａ", "\ufeff", "'", "/", "%", "~", "?", "X", "0", "-", "A"),
)
_CODES: Final = [code for code, _ in all_countries()]
_WORDS: Final = (
    *("", "ind", "India", "CN", "Côte d'Ivoire", "XXX", "2020", "2020-02-30", "2020/..", "../2020", "201X", "2020-21"),
    *("https://example.org/a", "HTTP://EXAMPLE.org", "https://[::1]/", "https://exämple.org", "ftp://a", "retracted"),
    *("1B4E28BA-2FA1-11D2-883F-0016D3CCA427", "1b4e28ba-2fa1-11d2-883f-0016d3cca427", *TYPES, *VALENCES, *DOMAINS),
    *STAGES,
)
_NUMBERS: Final = (
    0,
    -0.0,
    1,
    1.0,
    -10,
    10.0,
    10.5,
    0.1,
    1e-7,
    5e-324,
    2**53,
    2**63,
    -(2**63),
    2**64,
    1e300,
    True,
    False,
)


def mutated(seed: int) -> Iterator[Any]:
    """Events without end, in which up to four things have been changed."""
    chance = Random(seed)
    plain = list(events(2_000, seed))
    while True:
        event = deepcopy(chance.choice(plain))
        for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 4))):
            event = changed(event, chance)
        yield event


def changed(value: Any, chance: Random) -> Any:
    """A value with one place in it changed, dropped, doubled, renamed or moved."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        turn = chance.random()
        if turn < 0.1:
            del value[name]
        elif turn < 0.2:
            value[chance.choice(_FIELDS)] = value.pop(name)
        elif turn < 0.35:
            value[chance.choice(_FIELDS)] = _any(chance)
        else:
            value[name] = changed(value[name], chance)
        return value
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        turn = chance.random()
        if turn < 0.2:
            value.append(deepcopy(value[place]))
        elif turn < 0.3:
            value.extend(chance.choices(_CODES, k=chance.randint(1, 60)))
        elif turn < 0.4:
            chance.shuffle(value)
        elif turn < 0.5:
            del value[place]
        else:
            value[place] = changed(value[place], chance)
        return value
    if isinstance(value, str) and chance.random() < 0.7:
        place = chance.randint(0, len(value))
        return value[:place] + chance.choice(_SIGNS) * chance.choice((1, 1, 1, 2, 300)) + value[place:]
    return _any(chance)


def _any(chance: Random) -> Any:
    return chance.choice((
        chance.choice(_WORDS), chance.choice(_SIGNS), chance.choice(_NUMBERS), chance.choice(_CODES), None,
        [], {}, [chance.choice(_WORDS)], chance.sample(_CODES, chance.randint(1, 4)), {chance.choice(_FIELDS): "a"},
        {"a": chance.choice(_NUMBERS)}, [{"name": chance.choice(_WORDS)}], {"a": [{"b": chance.choice(_SIGNS)}]},
        "x" * chance.choice((64, 65, 128, 129, 300, 301, 2048, 10_001)),
    ))  # fmt: skip


def compare(count: int, seed: int) -> int:
    """Read so many; returns how many of them were valid. Raises AssertionError where the two ways differ."""
    supply = mutated(seed)
    return sum(check_alike(next(supply)) for _ in range(count))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing.mutated_events")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    valid = compare(given.events, given.seed)
    print(f"{given.events} events of seed {given.seed}, of which {valid} were valid: both ways agree on each")
    sys.exit(0)
