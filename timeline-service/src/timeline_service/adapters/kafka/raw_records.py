"""Records as Kafka's client gives them, as ours."""

from aiokafka import ConsumerRecord

from timeline_service.judge.decoding import RawRecord


def raw_of(record: ConsumerRecord[bytes, bytes]) -> RawRecord:
    """A record's bytes, with where they stand and when they were appended."""
    return RawRecord(record.partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers))
