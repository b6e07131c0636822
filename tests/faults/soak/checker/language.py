"""The contract's words as the bench understands them: positions, contents, pairs, dates and the keys' partitions."""

import calendar
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import combinations, product
from typing import Any, Final

import orjson

Vector = dict[int, int]
#: What a read adds to an event, besides its id; not content.
READ_ONLY: Final = frozenset(
    {
        *("id", "earliest", "latest", "precision", "approximate", "uncertain", "pairs", "revision", "status"),
        *("accepted_at", "recorded_at", "revised_at", "position", "snippet"),
    }
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Before and after every date: an end that is open.
FIRST_DAY: Final = "0000-00-00"
LAST_DAY: Final = "9999-99-99"


def parse_positions(text: str | None) -> Vector:
    """A Timeline-Position as partition → last offset, inclusive; raises ValueError."""
    found: Vector = {}
    for part in text.split(",") if text else ():
        partition, colon, offset = part.partition(":")
        if not colon or int(partition) in found:
            raise ValueError(f"{text!r} is no Timeline-Position")
        found[int(partition)] = int(offset)
    return found


def format_positions(vector: Mapping[int, int]) -> str:
    """A Timeline-Position, in partition order."""
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(vector.items()))


def covers(vector: Mapping[int, int], asked: Mapping[int, int]) -> bool:
    """Whether a vector is at another one or beyond it."""
    return all(vector.get(partition, -1) >= offset for partition, offset in asked.items())


def content_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event's content: without read-only fields, and without what is null or empty."""
    empty: tuple[Any, ...] = (None, "", [], {})
    return {name: value for name, value in event.items() if name not in READ_ONLY and value not in empty}


def digest_of(content: Any) -> bytes:
    """What stands for a content that is in its normal form already."""
    return hashlib.blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def fingerprint(action: str, event_id: str, data: Any) -> bytes:
    """What stands for one thing that somebody says: the same words of the same event have the same one."""
    return digest_of([action, event_id, data])


@lru_cache(maxsize=65_536)
def pairs_of(countries: tuple[str, ...], initiators: tuple[str, ...]) -> tuple[str, ...]:
    """The pairs of an event: of all its countries, or of each initiator with each that is none."""
    if not initiators:
        return tuple("-".join(pair) for pair in combinations(sorted(countries), 2))
    others = [country for country in countries if country not in initiators]
    return tuple(sorted("-".join(sorted(pair)) for pair in product(initiators, others)))


@lru_cache(maxsize=65_536)
def bounds_of(when: str) -> tuple[str, str]:
    """First and last day of a date as the load writes them: days, months, years, intervals and open ones."""
    start, slash, end = when.partition("/")
    if not slash:
        return _days(start)
    first = FIRST_DAY if start in {"", ".."} else _days(start)[0]
    return first, LAST_DAY if end in {"", ".."} else _days(end)[1]


def _days(date: str) -> tuple[str, str]:
    parts = date.split("-")
    if len(parts) == 3:
        return date, date
    if len(parts) == 2:
        return f"{date}-01", f"{date}-{calendar.monthrange(int(parts[0]), int(parts[1]))[1]:02}"
    return f"{date}-01-01", f"{date}-12-31"


def shown_day(day: str) -> str | None:
    """A bound as it is read: null where it is open."""
    return None if day in {FIRST_DAY, LAST_DAY} else day


def milliseconds_of(time: str) -> int:
    """Milliseconds since 1970 of a time in RFC 3339."""
    return (datetime.fromisoformat(time) - _EPOCH) // timedelta(milliseconds=1)


def time_of(milliseconds: int) -> str:
    """A time in RFC 3339 by its milliseconds since 1970."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def murmur2(key: bytes) -> int:
    """Kafka's hash of keys."""
    mask, factor = 0xFFFFFFFF, 0x5BD1E995
    found = 0x9747B28C ^ len(key)
    whole = len(key) - len(key) % 4
    for at in range(0, whole, 4):
        word = int.from_bytes(key[at : at + 4], "little") * factor & mask
        word = (word ^ word >> 24) * factor & mask
        found = found * factor & mask ^ word
    if rest := key[whole:]:
        found = (found ^ int.from_bytes(rest, "little")) * factor & mask
    found = (found ^ found >> 13) * factor & mask
    return found ^ found >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """The partition to which a key belongs."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def join(numbers: Iterable[int]) -> str:
    """Offsets in words, cut where there are many."""
    listed = sorted(numbers)
    return ", ".join(map(str, listed[:10])) + (f" and {len(listed) - 10} more" if len(listed) > 10 else "")
