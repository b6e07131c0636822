"""The words of a document as PostgreSQL shows them."""


def vector_text(vector: bytes) -> str:
    """A `tsvector` as text that PostgreSQL reads, from what it sends and receives (tsvectorsend)."""
    count, rest = int.from_bytes(vector[:4]), vector[4:]
    words: list[str] = []
    for _ in range(count):
        word, _, rest = rest.partition(b"\0")
        places = 2 * int.from_bytes(rest[:2])
        found = [int.from_bytes(rest[at : at + 2]) for at in range(2, 2 + places, 2)]
        rest = rest[2 + places :]
        shown = ",".join(f"{place & 0x3FFF}{'  BA'[place >> 14].strip()}" for place in found)
        words.append(f"'{word.decode()}':{shown}")
    assert not rest
    return " ".join(words)
