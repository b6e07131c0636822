"""Takes events over HTTP, refuses what is wrong, and appends the rest to Kafka."""
