"""Whether the database's clock can be trusted, for what cannot be undone."""
