"""Projects the log into PostgreSQL and answers questions about country pairs."""
