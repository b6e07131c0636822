"""The steps that a verification and a rebuild are made of."""
