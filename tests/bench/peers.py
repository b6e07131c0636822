"""What other systems do, each with where the figure is from."""

from typing import Final

#: What the star in these lines means.
STAR: Final = "* measured by us with another load on another day: 2 cores, PostgreSQL 15, events of about 260 bytes"
BULK: Final = (
    "Marten, bulk append: 80,000–110,000 /s (its docs)",
    "Emmett, batches of 100: 22,346 /s *",
    "eventsourcing, 8 writers: 870 /s *",
)
PROJECTION: Final = (
    "Debezium JDBC sink 3.2.0, one table, no fold: 22,000 /s (measured by us: Kafka 4.3.1, PostgreSQL 18.4)",
    "Debezium JDBC sink: 2,300 /s (its blog, 2023-12)",
    "eventsourcing, tracking row only: 1,255 /s *",
)
REBUILD: Final = ("Emmett, rebuild: 1,028–2,788 /s, and of 43,400 events 43,076 were there afterwards *",)
SINGLE: Final = (
    "Message DB: 2,053 /s, so 0.5 ms each *",
    "Emmett: 778 /s with one writer, so 1.3 ms each *",
    "eventsourcing: 776 /s with one writer, so 1.3 ms each *",
)
