from uuid import UUID

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from event_schemas.partitions import partitions_of


@given(st.lists(st.uuids(), max_size=120), st.integers(1, 50))
def test_ids_belong_where_kafkas_partitioner_puts_them(event_ids: list[UUID], partitions: int) -> None:
    keys = [str(event_id).encode() for event_id in event_ids]
    partitioner = DefaultPartitioner()
    assert partitions_of(keys, partitions) == {key: partitioner(key, list(range(partitions)), []) for key in keys}


@given(st.lists(st.binary(min_size=36, max_size=36), min_size=1))
def test_so_do_any_bytes_of_their_length(keys: list[bytes]) -> None:
    partitioner = DefaultPartitioner()
    assert partitions_of(keys, 12) == {key: partitioner(key, list(range(12)), []) for key in keys}


def test_keys_of_another_length_are_left_out() -> None:
    assert partitions_of([None, b"", b"x" * 35, b"x" * 37], 12) == {}
