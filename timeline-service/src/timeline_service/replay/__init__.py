"""Replays: the log folded again from its beginning, to verify the projection or to make another one."""
