"""Kafka: the log, read."""
