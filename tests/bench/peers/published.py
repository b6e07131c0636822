"""What other systems are said to do: by themselves, or by us on another day and with another load."""

from typing import Final

from tests.bench.figures import Peer

BULK: Final = (Peer("Marten, bulk append (its docs: 80,000 to 110,000)", 80_000, measured_here=False),)
SINGLE: Final = (Peer("Message DB (by us on another day)", 0.49, measured_here=False),)
PROJECTION: Final = (
    Peer("Debezium JDBC sink to MySQL (its blog, 2023-12)", 2_300, measured_here=False),
    Peer("Kafka Connect JDBC sink (Instaclustr's blog)", 41_000, measured_here=False),
)
