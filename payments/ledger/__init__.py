"""Accounts and postings: rules, posting of events from Kafka, repair of what Kafka lost."""
