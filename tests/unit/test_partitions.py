from uuid import UUID

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from timeline_service.domain.partitions import partition_of


@given(st.uuids(), st.integers(1, 50))
def test_an_id_belongs_where_kafkas_partitioner_puts_it(event_id: UUID, partitions: int) -> None:
    key = str(event_id).encode()
    assert partition_of(key, partitions) == DefaultPartitioner()(key, list(range(partitions)), [])
