"""The business: what a payment is, how it changes, what it posts. No HTTP, no Kafka loop."""
