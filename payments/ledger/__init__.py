"""Accounts and postings: their rules, the posting of events from Kafka, and the repair of what Kafka lost."""
