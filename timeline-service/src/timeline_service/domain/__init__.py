"""What a record of the log does to the timeline: pure, the same after every replay."""
