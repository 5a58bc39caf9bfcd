"""Events and their publication: types, topics, the table, the lease, refused and parked events."""
