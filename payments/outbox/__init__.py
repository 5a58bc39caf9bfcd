"""Events and their way out: their form and topics, the table, the relay's lease, refused and parked ones."""
