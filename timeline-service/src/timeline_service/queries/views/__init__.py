"""Views: what the JSON of answers holds, stated once, and made of rows."""
