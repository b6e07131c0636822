"""The judge: what became of each record, as a function of the log alone. No clock, no chance, no input or output.

All modules of this package and of `event_schemas` are the code whose version a verdict names (`code_version`).
"""
