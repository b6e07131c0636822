"""What can keep the stack from running, in words for the person who started it."""


class StackError(Exception):
    """Something that the person at the terminal has to change; the message says what."""
