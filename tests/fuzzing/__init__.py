"""Fuzzing of what reads from outside: `python -m tests.fuzzing TARGET --seconds N`, guided by coverage (atheris).

`targets` holds what is asked of each reader: that it refuses with its own errors and says what was expected, that what
it took reads the same once written, and that no input takes longer than its length explains. The unit tests ask the
same of the seeds, of all that was ever found, and of a thousand inputs made of them, without atheris.
"""
