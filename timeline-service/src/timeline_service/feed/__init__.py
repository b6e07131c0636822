"""Live streams: one follower of the projection for all listeners of a process."""
