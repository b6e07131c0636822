"""PostgreSQL: the projection and all that is kept about it, read and written."""
