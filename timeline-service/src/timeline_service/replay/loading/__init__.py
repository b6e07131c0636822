"""How partitions of the log are loaded into empty tables: by worker processes, each partition in one transaction."""
